"""web3://: pages that contracts give, each by calls run over proven state (ERC-6860).

Begin with `contracts.py`. What a URL asks of a contract, and how its answer is read, is
pure: `url.py` and `mode.py` say whom and in which manner, then `auto.py`, `manual.py` or
`resource.py` what the call is and what came of it, as an `answer.py`.
"""
