"""What must be believed: chain specs, fork and blob schedules, default sources.

Data files, one a network, and the small typed readers of them. Imports
nothing of ours but `errors`. `walkaway trust` prints all of it. Begin with
`spec.py` (a chain spec), `load.py` and `networks/mainnet.toml`.
"""
