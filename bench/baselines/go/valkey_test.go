// A private Valkey and a running baseline for the tests; both end with their test.

package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

const patience = 20 * time.Second

var modes = []string{"sequential", "pipelined", "coalescing", "coalescing-nethttp"}

type valkey struct {
	t       *testing.T
	server  string
	folder  string
	process *exec.Cmd
	client  *redis.Client
}

// startValkey serves on a unix socket only. Its folder's path is short: a socket's may have 107 bytes.
func startValkey(t *testing.T) *valkey {
	t.Helper()
	server, err := exec.LookPath("valkey-server")
	if err != nil {
		if server, err = exec.LookPath("redis-server"); err != nil {
			t.Skip("neither valkey-server nor redis-server is installed")
		}
	}
	folder, err := os.MkdirTemp("", "baseline-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	v := &valkey{t: t, server: server, folder: folder}
	v.client = redis.NewClient(&redis.Options{Network: "unix", Addr: v.socket()})
	t.Cleanup(func() { _ = v.client.Close() })
	v.start()
	t.Cleanup(v.kill)
	return v
}

func (v *valkey) socket() string { return filepath.Join(v.folder, "s") }
func (v *valkey) flag() string   { return "unix://" + v.socket() }

func (v *valkey) start() {
	v.t.Helper()
	v.process = exec.Command(v.server, "--port", "0", "--unixsocket", v.socket(), "--dir", v.folder,
		"--save", "", "--logfile", filepath.Join(v.folder, "log"))
	if err := v.process.Start(); err != nil {
		v.t.Fatal(err)
	}
	eventually(v.t, "Valkey answers", func() bool {
		return v.client.Ping(context.Background()).Err() == nil
	})
}

func (v *valkey) kill() {
	if v.process != nil {
		_ = v.process.Process.Kill()
		_ = v.process.Wait()
		v.process = nil
	}
}

// baseline is run() on a free port.
type baseline struct {
	t    *testing.T
	url  string
	stop context.CancelFunc // As SIGTERM does.
	done chan error         // What run() answered.
}

func startBaseline(t *testing.T, mode string, v *valkey) *baseline {
	t.Helper()
	stopped, stop := context.WithCancel(context.Background())
	b := &baseline{t: t, stop: stop, done: make(chan error, 1)}
	address := make(chan net.Addr, 1)
	go func() {
		b.done <- run(stopped, config{mode, "127.0.0.1:0", v.flag()},
			func(a net.Addr) { address <- a })
	}()
	select {
	case a := <-address:
		b.url = "http://" + a.String()
	case err := <-b.done:
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return b
}

// post answers the status and the body; a request that got no answer has status 0.
func (b *baseline) post(body string) (int, string) {
	return answerOf(http.Post(b.url+pathReport, contentType, strings.NewReader(body)))
}

func (b *baseline) get(path string) (int, string) { return answerOf(http.Get(b.url + path)) }

func answerOf(response *http.Response, err error) (int, string) {
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err.Error()
	}
	return response.StatusCode, string(text)
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("not within %v: %s", patience, what)
}
