"""Results for other tools: CSV, netCDF, users, graphs, and the trace of one user."""
