"""The compiler of operations: what the GraphQL library does at each field of each answer is done once a
document, and what is left is Python of our own: it reads our types' attributes, calls their resolvers and
puts what they answer into dictionaries.

Its law: **an operation is answered with the very bytes with which the library alone answers it**, whatever it
asks: aliases, fragments, directives, variables, defaults, nulls, unions, errors with their paths, places and
order. So there is nothing to know when a field is added. It holds because

- which fields a selection asks, and what arguments come to, the library itself says: once for a document
  and each outcome of its `@skip` and `@include`, arguments with variables once a run;
- a compiled field answers only values of exactly the class that its type writes. At anything else (null
  where there must be none, another class, an integer beyond 32 bits, a resolver that raises) it gives up the
  whole value of its root field, and the library completes that value from the beginning, error included.
  What stands below a root field only reads, so it may run twice; the root field itself, which may write or
  count, has run once, and the library has run it;
- permissions are where they were: before each root field, and in front of each guarded field;
- what cannot be compiled (introspection, a field with an extension, a type with a resolver of types of its
  own) the library executes as ever.

What is written is short and can be read: `Compiler(executor).source.functions` of any operation. As Python
it costs a tenth of the calls that functions made of functions cost; its names are ours, of the client's text
only aliases come in, as literals.

A way that is never taken is not noticed: `Tally` counts the root fields that went the compiled way, those
that gave it up, and those that cannot be compiled. Tests hold that every operation of our pages and clients
is compiled and stays on its way, and compare the answers of both ways, for generated operations too.

    leaves.py         values of scalars and enums
    selections.py     objects, lists, unions and fields: the compiler
    source.py         the Python that it writes, function by function
    runs.py           one run: what it counts, what it waits for, the `info` of its resolvers
    input_reading.py  the inputs of arguments, each type by a reader made once
    operations.py     the executor that takes the compiled way, and what is kept of each document
"""
