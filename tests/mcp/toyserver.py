"""A stdio MCP server that says what a test tells it to: python toyserver.py NAME TOOLS.json

TOOLS.json maps a tool's name to the result it gives, and may hold "stray", a line printed before anything else.
"""

import json
import sys
from pathlib import Path
from typing import Any


def main(name: str, results: dict[str, Any]) -> None:
    """Answer until the input ends."""
    if "stray" in results:
        print(results.pop("stray"), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        if "id" not in asked or "method" not in asked:
            continue
        answer = {"jsonrpc": "2.0", "id": asked["id"], **said(name, results, asked)}
        print(json.dumps(answer), flush=True)
        if asked["method"] == "tools/call" and asked["params"]["name"] == "die":
            return


def said(name: str, results: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    """The result or error of one request."""
    if asked["method"] == "initialize":
        about = {"name": name, "version": "1"}
        return {"result": {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": about}}
    if asked["method"] == "tools/list":
        listed = [
            {"name": tool, "inputSchema": {"type": "object"}, **schema(result)} for tool, result in results.items()
        ]
        cursor = int(asked.get("params", {}).get("cursor", 0))
        more = {"nextCursor": str(cursor + 1)} if cursor + 1 < len(listed) else {}
        return {"result": {"tools": listed[cursor : cursor + 1], **more}}
    if asked["method"] == "tools/call":
        return {"result": results[asked["params"]["name"]]}
    return {"error": {"code": -32601, "message": "Method not found"}}


def schema(result: dict[str, Any]) -> dict[str, Any]:
    """An output schema where there is structured output."""
    return {"outputSchema": {"type": "object"}} if "structuredContent" in result else {}


if __name__ == "__main__":
    main(sys.argv[1], json.loads(Path(sys.argv[2]).read_text()))
