"""Dumps of databases: tables, rows and columns are counted however they are written."""

from printed import told

MYSQL = """CREATE TABLE `users` (
  `id` int NOT NULL,
  `note` varchar(20),
  PRIMARY KEY (`id`)
);
INSERT INTO `users` VALUES (1,'a'),(2,'it''s (not) a row'),
(3,NULL),(4,coalesce(1,(2)));
CREATE TABLE logs (id int);
INSERT INTO logs VALUES (1);
INSERT INTO logs (id) VALUES (2);
"""
POSTGRES = """SET statement_timeout = 0;
CREATE TABLE public.items (
    id integer NOT NULL,
    price numeric
);
COPY public.items (id, price) FROM stdin;
1\t2.5
2\t\\N
3\t0
\\.

ALTER TABLE ONLY public.items ADD CONSTRAINT items_pkey PRIMARY KEY (id);
"""


def test_rows_of_inserts_are_counted_by_table() -> None:
    """Brackets in texts and expressions are no rows; several rows and lines of one statement are."""
    text = told(MYSQL)
    assert "SQL: 2 tables, 6 rows" in text
    assert "users 4 rows @r1[0]" in text
    assert "users columns: id, note @r1[0]" in text
    assert "logs 2 rows @r1[7]" in text


def test_rows_of_copied_blocks_are_counted() -> None:
    """As PostgreSQL writes them."""
    text = told(POSTGRES)
    assert "public.items 3 rows @r1[1]" in text
    assert "columns: id, price" in text


def test_rows_of_one_long_line_are_all_counted() -> None:
    """A dump writes thousands of rows in one statement on one line."""
    rows = ",".join(f"({n},'user{n}@example.org')" for n in range(5_000))
    assert "t 5000 rows" in told(f"CREATE TABLE t (\n  id int,\n  mail text\n);\nINSERT INTO t VALUES {rows};\n")
