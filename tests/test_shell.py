"""The scanner of shell: what it finds, on what it gives up, how long it takes, and whether a grammar agrees."""

from __future__ import annotations

import subprocess
import time
from contextlib import suppress

import pytest
from bash_grammar import facts_of_grammar, facts_of_scanner
from hypothesis import given, settings
from hypothesis import strategies as st
from kit import FIXTURES
from test_commands import CHANGED, KEPT

from migrate.kinds.script import Script, parts_of
from migrate.kinds.shell import lex

SCRIPTS = {path.parent.name: path.read_bytes().decode() for path in sorted(FIXTURES.glob("shell_*/in.sh"))}
del SCRIPTS["shell_that_cannot_be_read"]
SCRIPTS |= {f"pair: {name}": texts[0] or "" for name, texts in (CHANGED | KEPT).items()}
SCRIPTS |= {
    "all kinds of words": """a='x y' b=$'z' c=$"w" d="p $q ${r:-s} $(t) `u` $((v + 1))" e=\\$f g{1,2} h*[i]?\n""",
    "value to be filled in": "a=<path of cuda>\nb c <d> \\\n  e\n",
    "compound commands": """
if a; then b; elif c; then d; else e; fi
while read -r x; do echo "$x"; done < file
until a; do b; done | c
for x in 1 2; do echo $x; done
for ((i = 0; i < 3; i++)); do echo $i; done
select y in a b; do break; done
case "$1" in a|b) c ;; (d) e ;& *) f ;; esac
{ a; b; } && ( c; d ) || ! e
f() { local x=1; return; }
function g { h; }
[[ $a == b* && ( -n $c || $d =~ ^(x|y)$ ) ]]
[ "$a" = b ] && (( x + $y ))
a=(1 "$two" $(three)  # four
   5)
a[0]=b a+=(c) a["x y"]=z
x >a 2>&1 <b >>c &>d {e}>f <<<"g $h" <(i) >(j)
""",
    "here-documents": """
cat <<A <<'B' <<-C; d
one $x $(y)
A
two $z
B
\tthree ${w}
\tC
e $(cat <<F
in it
F
)
""",
}


def checked(text: str) -> Script:
    """A script, whose spans lie within the text and hold what they say."""
    script = lex(text)
    for command in script.commands:
        assert 0 <= command.start < command.end <= len(text)
        for word in (*command.assignments, *command.words):
            assert command.kind != "simple" or command.start <= word.start <= word.end <= command.end
            for part in parts_of(word):
                assert word.start <= part.start <= part.end <= word.end
                if part.kind in ("variable", "name"):
                    assert text.startswith(part.value, part.at)
    assert all(text[start] == "#" and "\n" not in text[start:end] for start, end in script.comments)
    return script


@pytest.mark.parametrize("name", SCRIPTS)
def test_scanner_and_grammar_agree(name: str) -> None:
    text = SCRIPTS[name]
    check_grammar(text, checked(text))


def check_grammar(text: str, script: Script) -> None:
    """What the grammar finds, the scanner does; the grammar loses the second variable of `$A/$B`."""
    theirs, ours = facts_of_grammar(text), facts_of_scanner(script)
    if theirs is None:
        return
    assert theirs.comments == ours.comments
    assert theirs.bodies == ours.bodies
    assert theirs.assigned == ours.assigned
    assert theirs.expanded <= ours.expanded
    assert all(text[start - 1] in "${!#" for start, _ in ours.expanded - theirs.expanded)
    opaque = [part for command in script.commands for word in command.assignments for part in word.parts]
    hidden = {
        at for at in theirs.commands if any(part.kind == "opaque" and part.start < at < part.end for part in opaque)
    }
    assert theirs.commands - hidden == ours.commands


WORDS = st.sampled_from(
    [
        "a",
        "--b=c",
        "'d e'",
        '"f $G"',
        "${H:-i}",
        '"${J}k"',
        "$(l m)",
        "$((1 + 2))",
        "\\$n",
        "o.p",
        "*.q",
        '"r\ns"',
        "t=u",
    ]
)
NAMES = st.sampled_from(["cmd", "python", "./x.sh", "foo-bar"])
ASSIGNED = st.builds("{}={}".format, st.sampled_from(["A", "B_1", "_c"]), WORDS)
SIMPLE = st.builds(
    lambda before, name, words, behind: " ".join([*before, name, *words]) + behind,
    st.lists(ASSIGNED, max_size=2),
    NAMES,
    st.lists(WORDS, max_size=4),
    st.sampled_from(["", " > out", " 2>&1", " # said", " | cmd", " && cmd", "\\\n  more"]),
)
BLOCKS = st.recursive(
    SIMPLE | ASSIGNED | st.just("# a comment"),
    lambda inner: st.one_of(
        st.builds("if {}\nthen\n{}\nfi".format, SIMPLE, inner),
        st.builds("for x in {} {}\ndo\n{}\ndone".format, WORDS, WORDS, inner),
        st.builds("while {}\ndo\n{}\ndone".format, SIMPLE, inner),
        st.builds("case $x in\n  a|b)\n{}\n;;\nesac".format, inner),
        st.builds("(\n{}\n)".format, inner),
        st.builds("f() {{\n{}\n}}".format, inner),
        st.builds("cat <<EOF\n{}\nEOF".format, st.sampled_from(["text", "$A b", "it's ${C}"])),
        st.builds("{}\n{}".format, inner, inner),
    ),
    max_leaves=8,
)


@given(BLOCKS)
@settings(max_examples=150, deadline=None)
def test_generated_script_is_read_as_the_grammar_does(text: str) -> None:
    check_grammar(text + "\n", checked(text + "\n"))


@given(
    BLOCKS, st.integers(0, 400), st.sampled_from(["'", '"', "`", "$(", "${", "(", ")", "<<X", "\\", "[[", "case x in"])
)
@settings(max_examples=150, deadline=None)
def test_scanner_gives_up_where_bash_does(text: str, at: int, spoiler: str) -> None:
    spoiled = f"{text[:at]}{spoiler}{text[at:]}\n"
    if "$((" not in spoiled and (error := error_of(spoiled)):  # bash tells `$((a))` from `$( (a))` when it runs it
        done = subprocess.run(["bash", "-n"], input=spoiled.encode(), capture_output=True, check=False)
        assert done.returncode or done.stderr, error


@given(st.text(st.sampled_from("ab1 \t\n'\"\\$`(){}[]<>|&;#=!*?-:/\r"), max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_script_or_a_syntax_error(text: str) -> None:
    error_of(text)


def error_of(text: str) -> SyntaxError | None:
    """What the scanner has against a text, with the line."""
    try:
        checked(text)
    except SyntaxError as error:
        return error if error.lineno else pytest.fail("an error without its line")
    return None


@pytest.mark.parametrize(
    "text",
    [
        "(", "$(", "((", "$((", "${", '"$(', "`", "'", "<<A ", "<<A\n", "[[ ", "case a in ", "for a in ", "x[", "@(",
        "<(", "a=(", "a() ", "{ ", "\\", "$'\\", "[[ a =~ (", "x\\\n", ": ${a:-", "((a) ",
    ],
)  # fmt: skip
def test_hostile_script_takes_linear_time(text: str) -> None:
    lex("warm up\n")
    hostile = text * (100_000 // len(text))
    before = time.process_time()
    with suppress(SyntaxError):
        lex(hostile)
    assert time.process_time() - before < 8  # where one that is not takes minutes


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\nb 'c\nd", 2),
        ('a\n"', 2),
        ("\n$(a\n\n", 2),
        ("a )", 1),
        ("a\n${b", 2),
        ("\n`a", 2),
        ("[[ a\n", 1),
        ("a (b", 1),
    ],
)
def test_error_names_the_line(text: str, line: int) -> None:
    with pytest.raises(SyntaxError) as caught:
        lex(text)
    assert caught.value.lineno == line
