// The door of coalescing: fasthttp, whose request and answer live in memory that is used again.

package main

import (
	"context"
	"net"

	"github.com/valyala/fasthttp"
)

type fastHTTPDoor struct{ server fasthttp.Server }

func newFastHTTPDoor(to store) *fastHTTPDoor {
	d := &fastHTTPDoor{}
	d.server = fasthttp.Server{
		MaxRequestBodySize: bodyBytesMax,
		CloseOnShutdown:    true,
		Handler:            func(request *fasthttp.RequestCtx) { handleFastHTTP(to, request) },
	}
	return d
}

func handleFastHTTP(to store, request *fasthttp.RequestCtx) {
	var memory [128]byte // An answer to a report fits; SetBody copies it into the connection's own.
	text := memory[:0]
	status := fasthttp.StatusNotFound
	switch path := string(request.Path()); {
	case path == pathReport && request.IsPost():
		// The body is this connection's until the answer is written, so Save may point into it.
		id, err := to.Save(context.Background(), request.PostBody())
		text, status = appendAnswer(text, id, err)
	case path == pathStats && request.IsGet():
		// Not with `request`: fasthttp's contexts race with its own shutdown when others keep them.
		total, err := to.Total(context.Background())
		text, status = appendTotal(text, total, err)
	case path == pathReady && request.IsGet():
		text, status = append(text, readyAnswer...), fasthttp.StatusOK
	}
	request.SetContentType(contentType)
	request.SetStatusCode(status)
	request.Response.SetBody(text)
}

func (d *fastHTTPDoor) Serve(listener net.Listener) error { return d.server.Serve(listener) }

func (d *fastHTTPDoor) Shutdown(ctx context.Context) error { return d.server.ShutdownWithContext(ctx) }
