"""Results for other tools: CSV, netCDF, users, graphs, the diary of one user."""
