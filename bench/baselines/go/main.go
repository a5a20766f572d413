// Command baseline serves weather reports in one of four ways, to measure Chaac beside.
//
// Measured with Go 1.26.8 and Valkey 8.0.1 (append-only, everysec) over a unix socket; wrk with one
// thread and 64 connections on the same two cores, which other work shared: compare within the
// table only. Medians of three runs of 4 s in turn; CPU is microseconds a report.
//
//	coalescing, with             requests/s   server CPU   Valkey CPU
//	fasthttp                         50,100         11.0          4.4
//	net/http                         33,400         17.8          4.9
//	fasthttp, newest libraries       47,100         10.6          4.6
//	fasthttp, profile-guided         49,000         10.9          4.4
//
// So coalescing is served by fasthttp. Three fifths of its CPU are system calls, which leaves little
// to tune: MULTI/EXEC in place of the plain pipeline, runtime.Gosched() before a batch is closed,
// rueidis' AlwaysPipelining and GOGC=400 each measured the same within the spread. While the machine
// was quiet the same code made 68,900 to 71,100 requests/s for the same CPU a report.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"os/signal"
	"syscall"
	"time"
)

const drainMax = 10 * time.Second // Open requests may take this long after SIGTERM.

const usage = `Usage: baseline -mode MODE [-listen HOST:PORT] [-valkey unix:///PATH | HOST:PORT]

Stores weather reports in Valkey. A way to measure Chaac beside, not a service to run.

  POST /api/weather  {"municipality":"mixco","temperature":21.5,"humidity":60,"weather":"sunny"}
  GET  /stats        {"total_processed":N}: the sum of count:* of the municipalities seen, from Valkey
  GET  /ready        200

Modes:
  sequential  net/http and go-redis with its default pool; ten commands a request, each awaited
              before the next, and a log line a request: the student system Chaac re-implements
  pipelined   the same ten commands as one MULTI/EXEC a request; no log line
  coalescing  fasthttp and rueidis; while a batch is on its way all arriving reports gather in the
              next, counters and lists merged; one SET a report remains; no log line
  coalescing-nethttp
              the same behind net/http, Go's own server

Flags:
`

type config struct{ mode, listen, valkey string }

// door is an HTTP server before a store.
type door interface {
	Serve(net.Listener) error
	Shutdown(context.Context) error
}

func main() {
	var c config
	flag.StringVar(&c.mode, "mode", "", "sequential, pipelined, coalescing or coalescing-nethttp")
	flag.StringVar(&c.listen, "listen", "127.0.0.1:8081", "`host:port` to serve on")
	flag.StringVar(&c.valkey, "valkey", "127.0.0.1:6379", "Valkey's `address`: unix:///PATH or HOST:PORT")
	flag.Usage = func() {
		fmt.Fprint(flag.CommandLine.Output(), usage)
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() > 0 {
		log.Fatalf("%q is not a flag; see -help", flag.Arg(0))
	}

	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	if err := run(stop, c, func(address net.Addr) {
		log.Printf("%s serves on %s", c.mode, address)
	}); err != nil {
		log.Fatal(err)
	}
}

// run serves until `stop` is done, then answers what is open. `ready` is called with the address.
func run(stop context.Context, c config, ready func(net.Addr)) error {
	to, front, err := build(c)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", c.listen)
	if err != nil {
		to.Close()
		return err
	}
	served := make(chan error, 1)
	go func() { served <- front.Serve(listener) }()
	ready(listener.Addr())
	select {
	case err := <-served:
		return fmt.Errorf("the server ended by itself: %w", err)
	case <-stop.Done():
	}
	drain, cancel := context.WithTimeout(context.Background(), drainMax)
	defer cancel()
	if err := front.Shutdown(drain); err != nil {
		return fmt.Errorf("requests were left open: %w", err)
	}
	_ = listener.Close() // Should the signal have come before Serve() knew the listener.
	to.Close()           // After the door: no request is in it any more.
	return <-served
}

func build(c config) (store, door, error) {
	switch c.mode {
	case "sequential", "pipelined":
		to := newPerRequestStore(c.valkey, c.mode == "sequential")
		return to, newNetHTTPDoor(to), nil
	case "coalescing", "coalescing-nethttp":
		to, err := newCoalescingStore(c.valkey)
		if err != nil {
			return nil, nil, fmt.Errorf("Valkey at %s: %w", c.valkey, err)
		}
		if c.mode == "coalescing" {
			return to, newFastHTTPDoor(to), nil
		}
		return to, newNetHTTPDoor(to), nil
	default:
		return nil, nil, errors.New("-mode is sequential, pipelined, coalescing or coalescing-nethttp; see -help")
	}
}
