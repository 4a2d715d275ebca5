"""The SOAR's pages: incidents and how they are worked on, the connector, its handler, schedule and worker.

Server-rendered, on the connector's own modules. Rule: whatever comes from an alert is hostile, and no page
shows a token.
"""
