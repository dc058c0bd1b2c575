"""What is answered: files, directories, documents, archives, records, and what went wrong.

May import `content` and `gateway.request`, `gateway.pages`, `gateway.safety`. Begin with
`content.py`, which looks what stands at a path; `answer.py` says what an answer is.
"""
