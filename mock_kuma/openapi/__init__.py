"""The vendor's API described: models of bodies and answers, one OpenAPI document per API version."""
