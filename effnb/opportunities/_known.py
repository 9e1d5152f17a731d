"""What is known about the language and its standard library: which calls only compute, which types never change.

Everything that is not on these lists is unknown, and what is unknown is refused.
"""

from __future__ import annotations


def words(text: str, prefix: str = "") -> frozenset[str]:
    """The words of a text, each with a prefix."""
    return frozenset(prefix + word for word in text.split())


PURE_MODULES = words("""
    math cmath operator unicodedata html urllib.parse textwrap base64 binascii zlib decimal fractions statistics bisect
    colorsys difflib struct string re posixpath ntpath itertools calendar zoneinfo ipaddress
""")
"""Modules whose functions and constructors only compute."""

PURE_CALLS = words(
    """
    abs all any ascii bin bool bytes chr complex dict divmod enumerate float format frozenset hash hex int isinstance
    issubclass len list max min oct ord pow range repr reversed round set slice sorted str sum tuple type zip map filter
    callable dict.fromkeys int.from_bytes bytes.fromhex str.maketrans
    """,
    "builtins.",
) | words("""
    json.loads json.dumps hashlib.md5 hashlib.sha1 hashlib.sha256 hashlib.sha512 hashlib.blake2b
    datetime.datetime.strptime datetime.datetime.fromisoformat datetime.date.fromisoformat datetime.timedelta
    datetime.date datetime.datetime collections.Counter collections.OrderedDict collections.deque
    collections.defaultdict uuid.UUID uuid.uuid5 uuid.uuid3 os.path.join os.path.basename os.path.dirname
    os.path.splitext functools.reduce copy.copy copy.deepcopy ast.literal_eval fnmatch.translate heapq.nsmallest
    heapq.nlargest tomllib.loads
""")
"""Further calls that only compute."""

FIXED_VALUES = words("sys.platform sys.maxsize sys.byteorder sys.version_info os.sep os.linesep os.name datetime.UTC")
"""Values of other modules that never change."""

PURE_METHODS = words("""
    bit_length capitalize casefold center copy count decode digest encode endswith expandtabs find findall finditer
    format fullmatch get group groupdict groups hexdigest index is_integer isalnum isalpha isascii isdecimal isdigit
    isidentifier islower isnumeric isprintable isspace istitle isupper items join keys ljust lower lstrip match
    most_common partition removeprefix removesuffix replace rfind rindex rjust rpartition rsplit rstrip search span
    split splitlines start end startswith strip sub swapcase title translate union intersection difference
    symmetric_difference issubset issuperset upper values zfill hex isoformat strftime as_integer_ratio to_bytes
    quantize normalize date time weekday
""")
"""Methods of plain values that change nothing."""

TEXT_METHODS = words("""
    lower upper strip lstrip rstrip title casefold startswith endswith isoformat hexdigest hex keys values items
    total_seconds
""")
"""Methods that change nothing on whatever object has them."""

FILLERS = words("""
    append add extend insert update setdefault pop popleft appendleft remove discard sort reverse clear
""")
"""Methods that change their own object and nothing else."""

HEAVY = words("""
    unicodedata.normalize json.loads json.dumps re.sub re.findall re.split builtins.sorted hashlib.sha256 hashlib.sha512
    hashlib.md5 hashlib.sha1 hashlib.blake2b datetime.datetime.strptime difflib.SequenceMatcher
    difflib.get_close_matches zlib.crc32 functools.reduce textwrap.wrap textwrap.fill textwrap.dedent ast.literal_eval
""")
"""Calls that cost clearly more than a dictionary look-up."""

HEAVY_METHODS = words("sub findall finditer translate")
"""The same of methods."""

FRESH_CALLS = words("list dict set sorted bytearray", "builtins.") | words(
    "Counter deque defaultdict OrderedDict", "collections."
)
"""Calls that make a new object nobody else holds."""

SCALAR_CALLS = words("len int float round bool frozenset hash ord any all isinstance str repr", "builtins.")
"""Calls that give an immutable value."""

IMMUTABLE_TYPES = words("""
    str int float complex bool bytes None NoneType Decimal Fraction date datetime time timedelta UUID range frozenset
    Pattern re.Pattern datetime.date datetime.datetime datetime.timedelta decimal.Decimal fractions.Fraction uuid.UUID
""")
"""Types whose values are hashable and never change."""

WRAPPER_TYPES = words("tuple Tuple frozenset FrozenSet Optional Union Final Annotated")
"""Types that are immutable when their arguments are."""

STR_METHODS = words("""
    capitalize casefold center expandtabs format format_map join ljust lower lstrip removeprefix removesuffix replace
    rjust rstrip strip swapcase title translate upper zfill
""")
"""Methods of ``str`` that give a ``str``."""

STR_CALLS = words("str repr chr hex bin ascii", "builtins.") | words("""
    json.dumps html.escape html.unescape urllib.parse.quote textwrap.indent textwrap.dedent re.escape
""")
"""Calls that give a ``str``."""

DICT_CALLS = words("dict dict.fromkeys", "builtins.") | words("defaultdict Counter OrderedDict", "collections.")
"""Calls that give a ``dict`` or a subclass of it."""

DICT_TYPES = words("""
    dict Dict Mapping MutableMapping defaultdict DefaultDict Counter OrderedDict collections.Counter
""")
"""Annotations of mappings."""
