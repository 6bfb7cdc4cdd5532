"""Each input, whatever its form, as pieces of text: the one place that chooses a reader."""

from collections.abc import Iterator

from w2vtrain.config import PrepareConfig
from w2vtrain.corpus.byte_streams import ByteStream, InputFacts, open_input
from w2vtrain.corpus.decoding import decoded
from w2vtrain.corpus.units import Piece, text_units


def pieces_of(facts: InputFacts, config: PrepareConfig, source: int) -> Iterator[Piece]:
    """Yields the text of one input in units; what is learned on the way goes into `facts`.

    Args:
        facts: names the input.
        config: encoding, text column and boundary are used.
        source: the input's number, which its pieces carry.
    Raises:
        W2VError: the input cannot be read as what it is; the message names it and the line.
    """
    with open_input(facts) as stream:
        yield from _stream_pieces(stream, facts, config, source)


def _stream_pieces(
    stream: ByteStream, facts: InputFacts, config: PrepareConfig, source: int
) -> Iterator[Piece]:
    chunks = decoded(stream, facts, config.encoding, config.encoding_errors)
    yield from text_units(chunks, config.boundary, source, stream.label)
