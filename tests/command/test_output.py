"""What the command prints on a terminal cannot steer it."""

from agent.cli.output import visible


def test_a_terminal_is_shown_no_control_characters() -> None:
    """Escapes, turns of writing direction and damaged bytes are written out; other text stays."""
    assert visible("a\x1b[2J\x9b\u202eb\udcff\n\té漢👩") == "a\\x1b[2J\\x9b\\u202eb\\xff\n\té漢👩"
