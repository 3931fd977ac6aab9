"""Command output: drawn tables read as tables, reports, histories, lists of names, diffs."""

from hashlib import sha256

from printed import told

PS = "\n".join(
    ["USER         PID %CPU   RSS TTY      COMMAND"]
    + [
        f"{'root' if i % 4 else 'mira':<8} {i * 7:>7} {i / 10:>4} {i * 37 % 40 * 100:>5} ?        /usr/bin/worker-{i}"
        for i in range(1, 40)
    ]
)

PROFILE = """\
---------  ----------  --------  ----------
     Name    Self CPU    # Calls   CPU Mem
---------  ----------  --------  ----------
 aten::mm   950.725ms          1   49.08 Mb
aten::add     1.200s          12   36.00 Mb
aten::add   519.699ms         12    9.00 Mb
aten::mul    26.834us         36  108.00 Mb
aten::mul    26.134us         24   18.00 Mb
---------  ----------  --------  ----------
Self CPU time total: 2.7s
"""

REPORT = """\
Benchmark
Device: cuda
Runs: 5

Average time:
  plain : 1.91x
  cached : 1.84x
  both : 1.75x

layer.0.bias | UNEXPECTED
"""

HISTORY = "".join(
    f"commit {i:040x}\nAuthor: {'Ann' if i % 3 else 'Bob'} <x@example.org>\n"
    f"Date:   Wed Apr {i % 28 + 1} 10:03:36 202{i % 2} +0200\n\n"
    f"    {'formatting' if i % 2 else f'change {i}'}\n\n"
    for i in range(1, 31)
)

PATCH = """\
diff --git a/src/a.py b/src/a.py
index 1..2 100644
--- a/src/a.py
+++ b/src/a.py
@@ -1,3 +1,4 @@ def load(path):
 import os
-x = 1
+x = 2
+--- not a header
 y = 3
diff --git a/new.txt b/new.txt
new file mode 100644
--- /dev/null
+++ b/new.txt
@@ -0,0 +1 @@
+hello
"""


def test_aligned_columns_are_a_table() -> None:
    """Categories, extremes with the row's own name, lines as addresses."""
    text = told(PS)
    assert "39 rows: USER, PID, %CPU, RSS, TTY, COMMAND" in text
    assert "USER root 30" in text
    assert "RSS max 3900 /usr/bin/worker-27 @r1[27]" in text


def test_units_of_one_column_are_made_one() -> None:
    """Milliseconds and seconds compare; sums by name where names repeat."""
    text = told(PROFILE)
    assert "Self CPU (us) max 1200000 aten::add @r1[4]" in text
    assert "Self CPU (us) summed by Name: aten::add 1719699" in text
    assert "# Calls summed by Name: aten::mul 60" in text


def test_reports_give_extremes_of_like_numbers_and_trouble() -> None:
    """Numbers under one title by their extremes; the line that speaks of trouble is quoted."""
    text = told(REPORT)
    assert "Average time: max plain 1.91x @r1[5]" in text
    assert "Average time: min both 1.75x @r1[7]" in text
    assert "Device: cuda @r1[1]" in text
    assert "layer.0.bias | UNEXPECTED @r1[9]" in text


def test_rows_without_a_header_are_a_table_too() -> None:
    """Fields of /etc/passwd's form."""
    text = told(
        "".join(f"user{i}:x:{1000 + i}:100::/home/user{i}:/bin/{'bash' if i % 3 else 'sh'}\n" for i in range(12))
    )
    assert "12 rows" in text
    assert "/bin/bash 8" in text


def test_a_history_counts_commits_authors_subjects_and_years() -> None:
    """git log."""
    text = told(HISTORY)
    assert "30 commits" in text
    assert "2 authors: Ann 20" in text
    assert "subjects: formatting 15" in text
    assert "by year: 2021 15" in text


def test_names_are_grouped_by_pattern() -> None:
    """Numbers in names become ranges; an odd block is told."""
    names = [f"blocks.{i}.{part}" for i in range(12) for part in ("hook_q", "hook_k", "mlp.out")][:-1]
    text = told("\n".join([*names, "unembed.W_U"]))
    assert "36 names" in text
    assert "blocks.{0..11}.hook_q 12" in text
    assert "blocks.{0..11}: 35 names, 3 (but 2 for 11) each" in text


def test_diffs_are_told_by_file() -> None:
    """Lines added and removed; content that looks like a header is content."""
    text = told(PATCH)
    assert "2 files changed, +3 -1, 2 hunks" in text
    assert "src/a.py +2 -1 in def load(path): @r1[0]" in text
    assert "new: new.txt" in text


def test_training_lines_are_a_table_of_the_values_they_name() -> None:
    """`epoch 3 | loss 0.2` and `step=3 loss=0.2`: the spike is found, the first line is no header."""
    losses = [3.2 if n == 23 else 2.5 * 0.9**n for n in range(40)]
    barred = "\n".join(f"epoch {n:3d} | loss {loss:.4f} | lr 1.0e-03 | 12.3s" for n, loss in enumerate(losses))
    written = "\n".join(f"step={n} loss={loss:.4f}, lr=0.001" for n, loss in enumerate(losses))
    for text in (barred, written):
        assert "loss max 3.2 @r1[23]" in told(text)
        assert "40 rows: " in told(text)


def test_a_report_of_names_and_values_is_no_table() -> None:
    """`Name:   value` in two columns has no header; hexadecimal masks are no numbers."""
    lines = (
        "Architecture:    x86_64",
        "Model name:      EPYC 9",
        "Byte Order:   Little Endian",
        "Flags mask:  00000004e8",
    )
    text = told("\n".join(lines * 3))
    assert "Architecture: x86_64 @r1[0]" in text
    assert "rows" not in text
    assert "max Flags" not in text


def test_listings_keep_numbers_that_were_given_out_from_measurements() -> None:
    """Inode numbers in a column without a name are no measure; sizes are."""
    text = told("\n".join(f"{5_432_000 + n * 7 % 60} {4 + n % 9 if n != 7 else 900} /tmp/file{n}" for n in range(60)))
    assert "column 2 max 900" in text
    assert "column 1 max" not in text


def test_annotated_sources_count_lines_by_author_and_commit() -> None:
    """Lines of git blame are no commits."""
    lines = [
        f"{'a7d1135c' if n % 4 else '0b2e9f10'} (Ann Lee "
        f"{'2021' if n % 4 else '2024'}-03-0{n % 9 + 1} 10:00:00 +0000 {n}) x = {n}"
        for n in range(1, 41)
    ]
    lines[6] = lines[6].replace("Ann Lee", "Bob    ")
    text = told("\n".join(lines))
    assert "40 lines of 2 commits" in text
    assert "2 authors: Ann Lee 39" in text
    assert "Bob 1 @r1[6]" in text


def test_a_first_row_that_others_repeat_is_no_header() -> None:
    """Ciphers, mappings of memory: the columns have no names, and every row counts."""
    rows = [
        f"{'TLS_' + 'GCM' * (n % 3 + 1) + str(n):<18} {'TLSv1.3  Kx=any' if n < 9 else 'SSLv3    Kx=RSA'}"
        for n in range(20)
    ]
    text = told("\n".join(rows))
    assert "20 rows: column 1, column 2, column 3" in text
    assert "column 2 SSLv3 11" in text


def test_a_header_whose_letter_is_a_value_too_stays_one() -> None:
    """Top's column S holds S."""
    rows = [f"{n:7d} root  {'S' if n % 4 else 'R'} {n * 37 % 70:8d} process-{n}" for n in range(1, 21)]
    assert "RES max 69 process-17" in told("\n".join(["    PID USER  S      RES COMMAND", *rows]))


def test_numbers_stand_under_the_header_of_their_own() -> None:
    """Columns one space apart, as vmstat and the kernel's counters draw them."""
    header = " r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa st"
    fixed = " 79 12  9  0  0"
    rows = [
        f" {n % 3}  0      0 {9000 + n} 150176 60{n:02d}    0    0 {4000 + n} {n * 7 % 12:5d} {5300 + n * 5 % 12}"
        f" 4{n:02d}{fixed}"
        for n in range(12)
    ]
    text = told("\n".join([header, *rows]))
    assert "in max 5311 @r1[8]" in text
    assert "bo max 11" in text


def test_a_name_without_a_value_is_no_title_of_those_below() -> None:
    """Each setting stands for itself, and is told once."""
    text = told(
        "kernel.sys_info =\nkernel.panic = 1\nkernel.pid_max = 4194304\nkernel.exception-trace = 1\nkernel.x = 7\n"
    )
    assert "sys_info" not in text
    assert text.count("exception-trace") == 1


def test_a_printed_certificate_tells_its_names_and_dates() -> None:
    """Lines of digits between them are passed over."""
    keys = [sha256(bytes([at])).digest()[:15] for at in range(12)]
    digits = "\n".join(f"        {key.hex(':')}:" for key in keys)
    text = told(
        "Certificate:\n    Data:\n        Signature Algorithm: sha256\n        Issuer: CN = Example CA\n"
        "        Validity\n            Not Before: Nov 26 16:50:29 2026 GMT\n"
        "            Not After : Dec 26 16:50:29 2026 GMT\n        Subject: CN = api.example.org\n"
        f"        Public Key Info:\n{digits}\n    Signature Value:\n{digits}\n"
    )
    assert "Issuer: CN = Example CA @r1[3]" in text
    assert "Not After: Dec 26 16:50:29 2026 GMT @r1[6]" in text
