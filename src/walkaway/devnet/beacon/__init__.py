"""The devnet's beacon chain: whole blocks and states, its own validators, light-client data.

Stands on any `ExecutionBackend`. Begin with `chain.py`; `state.py` moves the
state on, `light_client.py` derives what light clients are served (from
recorded mainnet blocks too), `api.py` answers the beacon API's routes.
"""
