"""A gRPC proxy in front of a Milvus that can act at the n-th call of a method, or refuse calls.

It knows nothing of Milvus's messages: the bytes of every unary call go through as they are, with their metadata.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import grpc

BEFORE, AFTER = "before", "after"
_UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
_OF_THE_TRANSPORT = ("user-agent", "content-type", "te")  # metadata that gRPC writes itself, beside grpc-*
_THREADS = 32  # a call that hangs, as those of a killed client may, holds one
_CALL_SECONDS = 120  # whatever the client waits for: a server goes on with what it has begun
_CLIENT_GONE_SECONDS = 30


@dataclass(frozen=True)
class Call:
    method: str  # as in "RenameCollection"
    ordinal: int  # the first call of this method is 1
    request: bytes = field(repr=False)


@dataclass(frozen=True)
class Point:
    """Before the server gets the call, or when its answer is there and the client has not got it."""

    method: str
    ordinal: int
    moment: str

    def __str__(self) -> str:
        return f"{self.moment}-{self.method}-{self.ordinal}"


@dataclass(frozen=True)
class Refusal:
    """What a call is answered instead of being carried out: a gRPC status, or the bytes of a message."""

    code: grpc.StatusCode | None = None
    details: str = ""
    answer: bytes = b""


@dataclass
class _Orders:
    """What is to be done in one run of the program, and what was seen of it."""

    point: Point | None = None
    act: Callable[[], None] | None = None
    cuts: bool = False
    refuses: Callable[[Call], Refusal | None] = lambda _: None
    calls: list[Call] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    struck: threading.Event = field(default_factory=threading.Event)
    sent: threading.Event = field(default_factory=threading.Event)  # the call that was struck before it was
    refused: int = 0


class RpcProxy:
    """Listens on loopback, on a port of its own, and passes calls on to a Milvus without TLS."""

    def __init__(self, address: str, port: int) -> None:
        self._channel = grpc.insecure_channel(f"{address}:{port}", options=_UNLIMITED)
        self._lock = threading.Lock()
        self._orders = _Orders()
        self._server = grpc.server(ThreadPoolExecutor(_THREADS), [_PassOn(self._call)], options=_UNLIMITED)
        self.port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()

    def __enter__(self) -> RpcProxy:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(grace=0).wait()
        self._channel.close()

    # Each of these begins to count anew, and takes back what was ordered before.

    def only_pass_on(self) -> None:
        self._begin(_Orders())

    def cut_at(self, point: Point, act: Callable[[], None]) -> None:
        """`act` ends the client. The call is not passed on, or its answer not delivered."""
        self._begin(_Orders(point=point, act=act, cuts=True))

    def act_at(self, point: Point, act: Callable[[], None]) -> None:
        """The call is passed on and answered all the same, also when the client has given it up by then."""
        self._begin(_Orders(point=point, act=act))

    def refuse(self, refuses: Callable[[Call], Refusal | None]) -> None:
        self._begin(_Orders(refuses=refuses))

    # And these tell of the run since then.

    @property
    def struck(self) -> bool:
        """Whether the point was reached."""
        return self._orders.struck.is_set()

    @property
    def refused(self) -> int:
        return self._orders.refused

    @property
    def methods(self) -> list[str]:
        """Of all calls, in their order."""
        with self._lock:
            return [call.method for call in self._orders.calls]

    def _begin(self, orders: _Orders) -> None:
        with self._lock:
            self._orders = orders

    def _call(self, path: str, request: bytes, context: grpc.ServicerContext) -> bytes:
        with self._lock:
            orders = self._orders
            method = path.rpartition("/")[2]
            orders.counts[method] += 1
            call = Call(method, orders.counts[method], request)
            orders.calls.append(call)
            refusal = orders.refuses(call)
            orders.refused += refusal is not None
        if refusal is not None:
            if refusal.code is not None:
                context.abort(refusal.code, refusal.details)
            return refusal.answer
        if orders.struck.is_set():
            orders.sent.wait(_CALL_SECONDS)  # what the client calls behind the point does not overtake that call
        strikes = orders.point is not None and (orders.point.method, orders.point.ordinal) == (method, call.ordinal)
        if strikes and orders.point.moment == BEFORE:
            self._strike(orders, context)
        on_its_way = self._pass_on(path, request, context)
        if strikes:
            orders.sent.set()
        answer = self._answer(on_its_way, context)
        if strikes and orders.point.moment == AFTER:
            self._strike(orders, context)
        return answer

    def _strike(self, orders: _Orders, context: grpc.ServicerContext) -> None:
        gone = threading.Event()
        registered = context.add_callback(gone.set)
        assert orders.act is not None
        orders.struck.set()
        orders.act()
        if not orders.cuts:
            return
        # A client that dies must not hear anything in its last moments.
        if registered:
            gone.wait(_CLIENT_GONE_SECONDS)
        context.abort(grpc.StatusCode.ABORTED, "cut by the test")

    def _pass_on(self, path: str, request: bytes, context: grpc.ServicerContext) -> Any:
        metadata = [
            (key, value)
            for key, value in context.invocation_metadata()
            if key not in _OF_THE_TRANSPORT and not key.startswith("grpc-")
        ]
        send = self._channel.unary_unary(path)  # without serializers: bytes
        return send.future(request, metadata=metadata, timeout=_CALL_SECONDS)

    def _answer(self, on_its_way: Any, context: grpc.ServicerContext) -> bytes:
        try:
            answer = on_its_way.result()
            context.set_trailing_metadata(on_its_way.trailing_metadata() or ())
            return answer
        except grpc.RpcError as error:
            context.set_trailing_metadata(error.trailing_metadata() or ())
            context.abort(error.code(), error.details())
            raise


class _PassOn(grpc.GenericRpcHandler):
    def __init__(self, call: Callable[[str, bytes, grpc.ServicerContext], bytes]) -> None:
        self._call = call

    def service(self, details: Any) -> grpc.RpcMethodHandler:
        path = details.method
        return grpc.unary_unary_rpc_method_handler(lambda request, context: self._call(path, request, context))
