"""Text as people write it: every script stays, nothing can lie about its place on the screen."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from server.wire.text import NAME_FORBIDDEN, folded, is_visible, message_text, name_text

SAMPLES = {
    "Han": "群组里的人说好茶",
    "Han beyond the first plane": "𠮷野家 𪚥",
    "Uyghur": "ئۇيغۇرچە سالام",
    "Tibetan": "བོད་ཡིག བཀྲ་ཤིས་བདེ་ལེགས།",
    "Mongolian": "ᠮᠣᠩᠭᠣᠯ ᠪᠢᠴᠢᠭ",
    "Mongolian with a vowel separator": "ᠨᠠᠷ᠎ᠠ",
    "Kazakh, Arabic letters": "قازاق ءتىلى",
    "Kazakh, Cyrillic": "Қазақ тілі әңгіме",
    "Yi": "ꆈꌠꁱꂷ",
    "Dai": "ᦅᧄᦉᦲᧃᧅᦀᦲᧅ",
    "Zhuang": "Vahcuengh Ƅouч",
    "Korean": "조선말 한국어",
    "Manchu": "ᠮᠠᠨᠵᡠ ᡤᡳᠰᡠᠨ",
    "Lisu": "ꓡꓲ-ꓢꓴ",
    "Miao": "𖼀𖼊𖽡 𖼨𖽑",
    "Hindi with a joiner": "क्‍ष",
    "Persian with a non-joiner": "می‌خواهم",
    "Hebrew": "שלום",
    "Thai": "สวัสดี",
    "Georgian": "გამარჯობა",
    "Vietnamese": "Tiếng Việt",
    "Private use": "\ue000\U000f0000",
    "a name with a dot": "阿卜杜拉·买买提",
    "a family of emoji": "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽",
    "mathematics": "∀x∈ℝ: ⌈x⌉ ≥ x",
}


@pytest.mark.parametrize("text", SAMPLES.values(), ids=SAMPLES)
def test_every_script_passes_unchanged(text: str) -> None:
    assert message_text(text) == unicodedata.normalize("NFC", text)


NAMES = {kind: text for kind, text in SAMPLES.items() if kind != "mathematics"}


@pytest.mark.parametrize("text", NAMES.values(), ids=NAMES)
def test_people_can_be_called_so_in_every_script(text: str) -> None:
    assert name_text(text) == unicodedata.normalize("NFC", text)


def test_no_letter_of_any_script_is_refused() -> None:
    unseen = set("\u115f\u1160\u3164\uffa0")  # letters by name that show nothing
    letters = [char for char in map(chr, range(0x110000)) if unicodedata.category(char)[0] in "LN"]
    assert len(letters) > 130_000
    for char in letters:
        if char not in unseen:
            assert message_text(char) == name_text(char) == unicodedata.normalize("NFC", char)


def test_what_looks_the_same_is_the_same() -> None:
    assert message_text("e\u0301") == "\u00e9"
    assert message_text("각") == "각"
    assert name_text("Ａnn") == "Ａnn"  # NFC, not NFKC: the width was a choice


def test_line_ends_become_one_kind() -> None:
    assert message_text("a\r\nb\rc\nd\te") == "a\nb\nc\nd\te"


CONTROLS = [chr(code) for code in [*range(0x20), 0x7F, *range(0x80, 0xA0)] if chr(code) not in "\n\r\t"]
NEVER_CHARACTERS = ["\ud800", "\udfff", "\ufffe", "\uffff", "\U0001fffe", "\U0010ffff", "\ufdd0", "\ufdef"]


@pytest.mark.parametrize("char", [*CONTROLS, *NEVER_CHARACTERS], ids=lambda char: f"U+{ord(char):04X}")
def test_controls_and_what_is_no_character_are_refused(char: str) -> None:
    with pytest.raises(ValueError, match=r"control|not a character"):
        message_text(f"a{char}b")
    if not char.isspace():  # in a name every run of blanks is one space
        with pytest.raises(ValueError, match=r"control|not a character"):
            name_text(f"a{char}b")


UNSEEN = [
    "",
    " \n\t",
    "\u3000\u2003\u00a0",
    "\u200b",
    "\u200d\u200c",
    "\u2060\ufeff",
    "\u2800",
    "\u3164\u115f\u1160\uffa0",
    "\u034f",
    "\ufe0f",
    "\ufe00\U000e0100\U000e01ef",
    "\u180b\u180c\u180d\u180f",
    "\u17b4\u17b5",
    "\u202d\u202c",
    "\u2067\u2069",
    "\U000e0041\U000e007f",
    "\u2028\u2029",
    "\u0378",
]


@pytest.mark.parametrize("text", UNSEEN, ids=lambda text: " ".join(f"{ord(char):04X}" for char in text))
def test_text_in_which_nothing_can_be_seen_is_refused(text: str) -> None:
    for normalise in (message_text, name_text):
        with pytest.raises(ValueError, match=r"visible"):
            normalise(text)


def test_overrides_that_reorder_letters_are_taken_out() -> None:
    assert message_text("pay \u202e001\u202c to ann") == "pay 001 to ann"
    assert message_text("\u202dabc\u202c") == "abc"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("\u2067שלום", "\u2067שלום\u2069"),
        ("\u2066a\u2068b", "\u2066a\u2068b\u2069\u2069"),
        ("\u202aa", "\u202aa\u202c"),
        ("\u202ba\u2067b", "\u202ba\u2067b\u2069\u202c"),
        ("\u2067a\u202bb\u2069c", "\u2067a\u202bb\u2069c"),
        ("a\u2069b\u202cc", "abc"),
        ("\u2067a\u202c\u2069", "\u2067a\u2069"),
        ("\u202aa\u2069\u202c", "\u202aa\u202c"),
        ("\u2067a\nb\u2069", "\u2067a\u2069\nb"),
        ("\u2067a\u2069 b", "\u2067a\u2069 b"),
        ("a\u200e1\u200f\u061c", "a\u200e1\u200f\u061c"),
    ],
)
def test_a_direction_that_was_opened_is_closed_on_its_line(written: str, kept: str) -> None:
    assert message_text(written) == kept


DIRECTION = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
RAW = st.text(st.one_of(st.characters(), st.sampled_from(DIRECTION + "\r\n\t ae\u0301\u0308가\u11a8")))


def normal_or_none(raw: str) -> str | None:
    try:
        return message_text(raw)
    except ValueError:
        return None


@given(RAW)
@example("e\u202d\u0301")  # taking the override out brings letter and accent together
@example("e\u2069\u0301")
@example("\r\u202d\n.")
def test_normal_text_is_its_own_normal_form(raw: str) -> None:
    once = normal_or_none(raw)
    if once is not None:
        assert message_text(once) == once
        assert unicodedata.is_normalized("NFC", once)


@given(st.text(st.sampled_from(DIRECTION + "ab\n"), max_size=40))
def test_no_direction_leaks_out_of_a_message(raw: str) -> None:
    for line in (normal_or_none(raw) or "").split("\n"):
        waiting: list[str] = []
        for char in line:
            assert char not in "\u202d\u202e"
            if char in "\u202a\u202b":
                waiting.append("\u202c")
            elif char in "\u2066\u2067\u2068":
                waiting.append("\u2069")
            elif char in "\u202c\u2069":
                while char == "\u2069" and waiting[-1] == "\u202c":
                    waiting.pop()
                assert waiting.pop() == char
        assert not waiting


@given(RAW)
def test_normalising_takes_no_visible_character_away(raw: str) -> None:
    once = normal_or_none(raw)
    if once is not None:
        seen = "".join(char for char in unicodedata.normalize("NFD", once) if is_visible(char))
        assert seen == "".join(char for char in unicodedata.normalize("NFD", raw) if is_visible(char))


@given(st.text())
def test_a_normal_name_is_its_own_normal_form(raw: str) -> None:
    try:
        name = name_text(raw)
    except ValueError:
        return
    assert name_text(name) == name
    assert unicodedata.is_normalized("NFC", name)
    assert name == name.strip()


@pytest.mark.parametrize("blanks", [" ", "  ", "\t", "\n", "\u3000", "\u00a0", " \u2003 "])
def test_blanks_in_a_name_are_one_space_inside_and_none_outside(blanks: str) -> None:
    assert name_text(f"{blanks}old{blanks}tea{blanks}") == "old tea"


@pytest.mark.clause("CG-08.8")
@pytest.mark.parametrize("bracket", sorted(NAME_FORBIDDEN))
def test_nobody_forges_a_role_label_by_name(bracket: str) -> None:
    """CG-08.8: the role that a group shows beside a name comes from the group, never from the name."""
    with pytest.raises(ValueError, match="role labels"):
        name_text(f"{bracket}owner")


@pytest.mark.parametrize(
    "mark", ["\u200b", "\u200e", "\u200f", "\u202e", "\u2067", "\u2060", "\ufeff", "\u00ad"]
)
def test_nothing_invisible_hides_in_a_name(mark: str) -> None:
    with pytest.raises(ValueError, match="invisible"):
        name_text(f"ann{mark}")


SAME = [
    ("Ann", "ANN"),
    ("Ａｎｎ", "ann"),
    ("Straße", "STRASSE"),
    ("ﬁre", "FIRE"),
    ("é", "E\u0301"),
    ("a\u200db", "ab"),
    ("ann\ufe0f", "ann"),
    ("ann\u3164", "ann"),
    ("ann\u2800", "ann"),
    ("ᠨᠠᠷ᠎ᠠ", "ᠨᠠᠷᠠ"),
    ("ann\u034f", "ann"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_two_spellings_that_look_alike_meet_under_one_key(one: str, other: str) -> None:
    assert folded(one) == folded(other)


def test_different_names_keep_different_keys() -> None:
    keys = [folded(name) for name in ("ann", "bob", "测试甲", "测试乙", "ann bob", "annbob", "é", "e")]
    assert len(set(keys)) == len(keys)
