"""A Cortex XSOAR that is just large enough to run an integration script as it stands.

Written from the product's public documentation alone: the ``demisto`` object, the helpers of
CommonServerPython that integrations use, and what the server does with an incident. Rule: the script is
never changed, and whatever this runtime does not offer fails with a sentence that names it.
"""

from typing import Final

#: The variable that carries the connector file's table to the process of the runtime.
SETTINGS: Final = "HARNESS_XSOAR"
