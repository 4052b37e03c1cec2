"""The contract on the real platforms: a bot cannot act as people, so a person at the keyboard does what each line asks.

``python -m tests.contracts.live`` (``make live``) plays the one suite of ``test_contract.py`` on these stages. What the
bot hears says when an act is done; what it performed with success says what stands in the chat; and what eyes alone can
tell is asked.
"""
