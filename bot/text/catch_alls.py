"""What runtimes, shells and build tools say of very different faults: it does not tell one error from another. Pure."""

import re

import re2

_CATCH_ALLS = r"""
# Go
unexpected signal during runtime execution
\[?signal \w+: segmentation violation.*
invalid memory address or nil pointer dereference
(?:index|slice bounds) out of range(?: with (?:length|capacity))?
all goroutines are asleep
(?:fatal error: )?concurrent map (?:read and map write|iteration and map write|writes)
assignment to entry in nil map
(?:send on|close of) (?:closed|nil) channel
interface conversion
goroutine stack exceeds.*limit
goroutine running
integer divide by zero
found bad pointer in go heap.*
unknown caller pc
unlock of unlocked (?:rw)?mutex
negative waitgroup counter
cannot allocate memory
unexpected fault address
morestack on g
bad system call
# Rust
called \w*(?:(?:option|result)::(?:unwrap|expect)\w*\(\))?\s*on an? (?:none|err|ok|some)? ?value:?
index out of bounds: the len is but the index is
attempt to \w+ (?:with overflow|by zero)
attempt to calculate the remainder.*
arithmetic operation overflowed
attempted to (?:divide|negate|shift).{0,40}
explicit (?:panic|failure)
internal error: entered unreachable code
entered unreachable code
not (?:yet )?implemented
already (?:mutably )?borrowed(?:: borrow(?:mut)?error)?
no entry found for key
capacity overflow
assertion failed: \(left == right\) && \(right == left\)
assertion failed: \(?left [!=]= right\)?
(?:byte )?index (?:out of|is out of|is not a) (?:bounds|char boundary|range).{0,40}
assertion failed: (?:begin|start|end|index|mid) <=? (?:end|self\.len\(\))
range (?:start|end) index.{0,50}
has overflowed its stack
memory allocation of bytes failed
box<(?:dyn )?any>
panicked while processing panic
the compiler unexpectedly panicked
unexpected (?:panic|failure)(?: path)?
(?:we would appreciate|this is) a bug(?: report)?
run with (?:rust_)?backtrace.*
didn t exit successfully.*
aborting due to.*
could not compile.*
for more information about this error.*
invalid memory reference
poisonerror.*
could not (?:build|document)
dlopen failed.*
cannot locate symbol.*
build failed, waiting for other jobs.*
failed to (?:run custom build command for|parse manifest at|select a version for)
# Python
traceback \(most recent call last\)
(?:another exception occurred|was the direct cause of).*
during handling of.*
list index out of range
(?:string|tuple) index out of range
(?:type )?object has no attribute
object is not (?:subscriptable|iterable|callable|an iterator)
unsupported operand types?.*
maximum recursion depth exceeded.*
referenced before assignment
cannot access local variable.*
no module named
cannot import name.*
codec can t (?:de|en)code.*
invalid literal for int.*
expecting (?:value|property name)[^,]*: line column.*
not enough values to unpack.*
too many values to unpack.*
broken pipe
(?:takes|missing) (?:from |at most |at least )?(?:to )?(?:required )?(?:positional|keyword) arguments?.*
got an unexpected keyword argument
unhashable type
math domain error
division by zero
dictionary changed size during iteration
must be \w+, not \w+
fatal python error
generator raised stopiteration
event loop is (?:closed|already running)
local variable
is not defined
\b(?:\w+\.)*(?:attribute|type|value|key|index|name|import|modulenotfound|runtime|os|io|syntax|indentation
    |unicode(?:de|en)code|recursion|unboundlocal|zerodivision|assertion|memory|notimplemented|filenotfound
    |permission|timeout|connection\w*|brokenpipe|eof|reference|range|jsondecode|overflow|lookup|environment
    |calledprocess|nomethod|argument)error\b
# Java, Kotlin, .NET
\b(?:[\w$]+\.)*(?:nullpointer|indexoutofbounds|arrayindexoutofbounds|stringindexoutofbounds|illegalargument
    |illegalstate|classcast|nosuchelement|concurrentmodification|runtime|execution|invocationtarget|numberformat
    |unsupportedoperation|null|nullreference|argumentnull|argumentoutofrange|invalidoperation|aggregate
    |accessviolation|indexoutofrange|io|keynotfound)exception
\b(?:[\w$]+\.)*(?:stackoverflow|outofmemory|noclassdeffound|assertion|linkage|exceptionininitializer)error
index out of bounds for length
java heap space
gc overhead limit exceeded
cannot invoke because (?:is null)?
because (?:is|\w+ is) null
attempt to invoke (?:virtual|interface) method.*on a null object reference
attempt to read from.*null.*
cannot be cast to( class)?
has been detected by the java runtime environment
exception in thread
unable to (?:start|stop|resume|create|instantiate) (?:activity|receiver|service|application
    |provider)(?: componentinfo)?
failed to allocate a? ?byte allocation.*
lateinit property
has not been initialized
object reference not set to an instance of an object
value cannot be null
index was outside the bounds.*
specified argument was out of the range.*
sequence contains no (?:matching )?elements?
nested exception is
one or more errors occurred
the given key was not present.*
attempted to read or write protected memory.*
unhandled exception
fatal exception: \S+
# JavaScript
cannot (?:read|set) propert(?:y|ies) (?:of )?(?:undefined|null)?
(?:undefined|null|\S+) is not (?:a function|an object|a constructor|iterable|defined)(?: \(evaluating.*)?
can t find variable
unhandled ?(?:promise)? ?rejection.*
this error originated either by throwing.*
reached heap limit.*
(?:allocation failed - )?(?:javascript|process) (?:heap )?out of memory.*
maximum call stack size exceeded
unexpected (?:token|end of (?:json )?(?:input|file)|identifier|eof)(?: \S+)?(?: in json at position)?
arguments? to \S+ must be (?:an? )?\w+
the argument must be.*
received (?:undefined|null|an instance of.*)
use of \w+ in strict mode
is not valid json
elifecycle
this is probably not a problem with npm.*
a complete log of this run.*
command failed(?: with exit code)?
unhandled error event
emitted error event.*
socket hang up
e(?:pipe|connreset|connrefused|timedout)
cannot find module
module not found
script error
network error
failed to fetch
# C, C++, operating systems
(?:segmentation fault|segfault|abort(?:ed)?(?: trap)?|bus error|floating point exception
    |illegal (?:hardware )?instruction|trace/bpt trap|killed)\b:?(?: ?\(core dumped\))?
double free or corruption.*
free\(\): invalid.*
malloc\(?\)?:.*corrupt.*
corrupted (?:size vs|double-linked).*
munmap_chunk.*
stack smashing detected.*
program received signal.*
terminated? (?:by|with) signal.*
terminate called.*exception(?: .*)?
what\(\): std::(?:bad_alloc|exception|out_of_range)
std::bad_alloc
pure virtual (?:method|function) call.*
(?:address|leak|memory|thread)sanitizer:? ?(?:(?:heap|stack|global)-[\w-]+|segv|deadlysignal
    |detected memory leaks|attempting [\w-]+)?(?: on (?:unknown )?address)?
access violation(?: \w+ing location)?
\bexc_[a-z_]+
\bkern_[a-z_]+(?: at)?
exception (?:type|code)s?\b
(?:[-+]\[\w+ \S+\]: )?(?:index )?beyond bounds.*
attempt to insert nil.*
fatal signal(?: \(\w+\))?(?: at)?
(?:thread crashed|crashed thread|dispatch queue):.*
unexpectedly found nil while.*
(?:stack|buffer) overflow(?: detected)?
out of memory
has stopped(?: working| unexpectedly)?
(?:quit|closed) unexpectedly
== ==.*
error summary:.*
memcheck, a memory error detector
no such file or directory
permission denied
command not found
operation not permitted
is a directory
resource temporarily unavailable
connection (?:refused|reset(?: by peer)?|timed out)
operation timed out
access is denied
the system cannot find the (?:file|path) specified
null pointer
# Ruby, PHP, Elixir and others
undefined (?:local variable or )?method.*for (?:nil|an? )\S*
nomethoderror
call to a member function.* on null
allowed memory size of.*
trying to (?:access|get).*(?:null|non-object)
undefined (?:index|variable|offset|array key|property)\b
no (?:match of right hand side|function clause matching|case clause).*
\w*: (?:prelude\.)?(?:head|fromjust).*empty list
# builds and tests
-{3,} .*
sending event
\bin \S+\.\w+ ?:? ,
- source: throw new \w+.*
exception (?:dispatching input event|on thread).*
exit value not available.*
could not (?:resolve all|determine the).*dependencies.*
recipe for target.*failed
(?:g|mingw32-)?make\S*:? .{0,3}(?:\[.*\])? error
(?:compilation|build) (?:was )?(?:aborted|terminated|failed|stopped)!?
broken (?:module|function) found
(?:ld|linker) (?:returned|command failed).*
returned (?:a )?non-?zero.*
exited with (?:exit )?(?:code|status).*
finished with (?:exit code|non-zero).*
exit (?:code|status):?
task \S{1,60} failed
process completed with.*
(?:abnormal )?process termination
process exit value(?: was)?
project failed to build.*
(?:ld|\w*compile\w*|phasescriptexecution|codesign) .*\bnormal (?:arm|x86|i386).*
too many errors
translation has been interrupted
subcommand failed.*
some tests failed
(?:please )?(?:see|check) (?:the )?(?:logs?|output|errors?) .*
an? (?:unknown|unexpected|internal|fatal|unhandled)? ?(?:error|exception) (?:has )?(?:occurred
    |happened)(?: (?:during|while) \w+)?(?: after s ms)?
something went wrong.*
\b(?:please|try) \w+(?:ing)? .*
verify (?:that|your).*
for some reason
"""
"""Patterns for a message (`ErrorLine.message`: small letters, without numbers and quotes), one a line; an indented line
goes on with the one before it. A sentence of many words that any program may meet belongs here, whoever says it."""


def _read_patterns(lines: str) -> str:
    joined = lines.replace("\n    ", "")
    return "|".join(f"(?:{line})" for line in joined.splitlines() if line and not line.startswith("#"))


_CATCH_ALL = re2.compile(_read_patterns(_CATCH_ALLS))
_PACKAGE = re.compile(r"\b(?:[a-z_]\w{0,60}\.){2,8}(?=\w*(?:exception|error)\b)")
_DIAGNOSTIC = re2.compile(
    r"^\W*(?:<[\w ]+>|(?:main|lib|mod|prog|program|test\w*|foo\w*|bar|baz|hello\w*|example\w*|app|index|playground"
    r"|scratch|sample"
    r"|untitled|te?mp|bug\w*|ice\w*|repro\w*|\w{1,2})\.[a-z+]{1,4})[\s:(),]*(?:fatal )?(?:error|warning)\b"
    r"|\[e[0-9]{4}\]"
    r"|\berror (?:ts|cs|fs|bc|c|lnk|msb|ca)[0-9]{3,5}\b"
)
"""A compiler about a program that the reporter wrote: by the number of an error, or in a file with a common name."""


def drop_catch_alls(message: str) -> str:
    """What is left of a message (see `ErrorLine.message`) without what its runtime says of very different faults.

    "" for what a compiler says of the reporter's own program: millions of programs have that error.
    """
    is_about_program = _DIAGNOSTIC.search(message) and "internal compiler error" not in message
    return "" if is_about_program else " ".join(_CATCH_ALL.sub(" ", _PACKAGE.sub("", message)).split())
