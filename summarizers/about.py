"""Words that a question has for facts of a topic, besides those in them."""

ABOUT = {
    "top": "most common frequent distinct values occur",
    "category": "most common frequent distinct values categories occur",
    "template": "most common frequent messages templates",
    "messages": "messages frequent",
    "level": "log levels severity occur",
    "rule": "rules flags codes occur",
    "error": "errors exceptions failures failed",
    "outcome": "passed failed skipped outcome result run",
    "time": "date time timestamp span begin end first last",
    "missing": "missing null empty absent",
    "duplicate": "duplicates repeated same",
    "schema": "columns fields keys",
    "parts": "parts keys",
    "trend": "rises falls trend over time",
    "outlier": "outlier unusual anomaly odd",
    "extreme": "extreme",
    "argument": "calls called arguments looked up used opened read",
    "act": "write action changes first",
    "end": "last final answer",
}
