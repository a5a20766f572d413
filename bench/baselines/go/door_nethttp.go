// The door of sequential, pipelined and coalescing-nethttp: net/http with its defaults, as the original has it.

package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
)

type netHTTPDoor struct{ server http.Server }

func newNetHTTPDoor(to store) *netHTTPDoor {
	routes := http.NewServeMux()
	routes.HandleFunc("POST "+pathReport, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyBytesMax))
		if err != nil {
			answerNetHTTP(w, []byte(`{"status":"error","message":"the body cannot be read"}`), 400)
			return
		}
		id, err := to.Save(r.Context(), body)
		text, status := appendAnswer(nil, id, err)
		answerNetHTTP(w, text, status)
	})
	routes.HandleFunc("GET "+pathStats, func(w http.ResponseWriter, r *http.Request) {
		total, err := to.Total(r.Context())
		text, status := appendTotal(nil, total, err)
		answerNetHTTP(w, text, status)
	})
	routes.HandleFunc("GET "+pathReady, func(w http.ResponseWriter, _ *http.Request) {
		answerNetHTTP(w, []byte(readyAnswer), 200)
	})
	return &netHTTPDoor{http.Server{Handler: routes}}
}

func answerNetHTTP(w http.ResponseWriter, text []byte, status int) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(text) // A client that has gone needs no answer.
}

func (d *netHTTPDoor) Serve(listener net.Listener) error {
	if err := d.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (d *netHTTPDoor) Shutdown(ctx context.Context) error { return d.server.Shutdown(ctx) }
