"""The description of all doors: `functions/public_api/openapi.json` and `docs/api.md`, made from the doors themselves.

Which routes there are is asked of the doors; bodies are the models that the doors read them with; error codes, statuses
and words are those of `rights.http_problems`. What only people know (what an operation is for, how an answer is shaped)
stands here, one file per door, and the tests hold every answer that a door gives to it.
"""
