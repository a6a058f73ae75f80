"""From a command line to a configuration: compose it, or say what is wrong."""
