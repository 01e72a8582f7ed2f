"""`make openapi`: write `functions/public_api/openapi.json` and `docs/api.md` anew."""

from local.openapi.write import write

write()
