"""What must be believed: chain specs, with their fork and blob schedules.

Data files, one a network, and the small typed readers of them. Imports
nothing of ours but `errors`. `walkaway trust` prints it all. Begin with
`spec.py` (a chain spec), `load.py` and `networks/mainnet.toml`.
"""
