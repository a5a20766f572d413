// Every mode against a real Valkey.

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math/rand"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	log.SetOutput(io.Discard)
	os.Exit(m.Run())
}

// everyMode runs a test for each mode with a Valkey of its own.
func everyMode(t *testing.T, test func(t *testing.T, v *valkey, b *baseline)) {
	for _, mode := range modes {
		t.Run(mode, func(t *testing.T) {
			v := startValkey(t)
			test(t, v, startBaseline(t, mode, v))
		})
	}
}

// randomReport answers a report and a way to write it: some as clients do, some that only
// encoding/json can read.
func randomReport(random *rand.Rand) (Report, string) {
	report := Report{
		Municipality: []string{"chinautla", "mixco", "guatemala", "Amatitlán"}[random.Intn(4)],
		Temperature:  float64(random.Intn(300)-100) / []float64{1, 10, 8}[random.Intn(3)],
		Humidity:     float64(random.Intn(1000)) / 10,
		Weather:      []string{"sunny", "rainy", "foggy"}[random.Intn(3)],
	}
	text, _ := json.Marshal(report)
	switch random.Intn(4) {
	case 0:
		return report, string(text)
	case 1:
		return report, strings.ReplaceAll(string(text), "i", `\u0069`)
	case 2:
		return report, fmt.Sprintf(" {\"weather\":%q ,\n\"humidity\": %v, \"temperature\": %v, \"municipality\":%q} ",
			report.Weather, report.Humidity, report.Temperature, report.Municipality)
	default:
		return report, `{"station":{"id":[7]},` + string(text[1:])
	}
}

func acknowledgedID(t *testing.T, text string) string {
	var answer struct{ Status, Message, ID string }
	if err := json.Unmarshal([]byte(text), &answer); err != nil || answer.Status != "success" ||
		!strings.HasPrefix(answer.ID, "tweet-") {
		t.Errorf("not the answer to a stored report: %q", text)
	}
	return answer.ID
}

func TestStoresARandomMix(t *testing.T) {
	const clients, reportsEach = 16, 60
	everyMode(t, func(t *testing.T, v *valkey, b *baseline) {
		expected := newReference()
		var lock sync.Mutex // Guards `expected`.
		var group sync.WaitGroup
		for client := range clients {
			group.Add(1)
			go func() {
				defer group.Done()
				random := rand.New(rand.NewSource(int64(client)))
				for range reportsEach {
					report, body := randomReport(random)
					status, text := b.post(body)
					if status != 200 {
						t.Errorf("%d %s for %s", status, text, body)
						return
					}
					id := acknowledgedID(t, text)
					lock.Lock()
					expected.add(id, report)
					lock.Unlock()
				}
			}()
		}
		group.Wait()
		if expected.total() != clients*reportsEach {
			t.Errorf("%d different ids", expected.total())
		}
		expected.compare(t, v.client)
		status, text := b.get(pathStats)
		if want := fmt.Sprintf(`{"total_processed":%d}`, expected.total()); status != 200 || text != want {
			t.Errorf("%d %s; expected %s", status, text, want)
		}
	})
}

func TestRefusesWhatIsNoReport(t *testing.T) {
	everyMode(t, func(t *testing.T, v *valkey, b *baseline) {
		for _, body := range []string{
			"", "{", "[]", "null",
			`{"municipality":"mixco","temperature":1,"humidity":2}`,
			`{"municipality":"","temperature":1,"humidity":2,"weather":"sunny"}`,
			`{"municipality":"mixco","temperature":"1","humidity":2,"weather":"sunny"}`,
			`{"municipality":"mixco","temperature":1,"humidity":2,"weather":"sunny"} x`,
		} {
			status, text := b.post(body)
			if status != 400 || !json.Valid([]byte(text)) {
				t.Errorf("%d %s for %s", status, text, body)
			}
		}
		if status, _ := b.post(strings.Repeat(" ", bodyBytesMax+1)); status == 200 {
			t.Error("a body beyond the limit is taken")
		}
		newReference().compare(t, v.client)
		if status, text := b.get(pathStats); status != 200 || text != `{"total_processed":0}` {
			t.Errorf("%d %s", status, text)
		}
		if status, _ := b.get(pathReady); status != 200 {
			t.Errorf("ready: %d", status)
		}
		if status, _ := b.get("/nothing"); status != 404 {
			t.Errorf("/nothing: %d", status)
		}
	})
}

const plainReport = `{"municipality":"mixco","temperature":21.5,"humidity":60,"weather":"sunny"}`

func TestAnswerIsAsLongAsChaacs(t *testing.T) {
	const chaacs = `{"status":"success","message":"weather report stored","id":"tweet-1795480929121000"}`
	everyMode(t, func(t *testing.T, _ *valkey, b *baseline) {
		if _, text := b.post(plainReport); len(text) != len(chaacs) {
			t.Errorf("%s", text)
		}
	})
}

func TestAnswers503WhenACommandIsRefused(t *testing.T) {
	everyMode(t, func(t *testing.T, v *valkey, b *baseline) {
		v.client.Set(context.Background(), "weather:mixco:sunny", "no number", 0)
		if status, text := b.post(plainReport); status != 503 {
			t.Errorf("%d %s", status, text)
		}
		v.client.Del(context.Background(), "weather:mixco:sunny")
		if status, text := b.post(plainReport); status != 200 {
			t.Errorf("%d %s", status, text)
		}
	})
}

func TestAnswers503WhileValkeyIsGone(t *testing.T) {
	everyMode(t, func(t *testing.T, v *valkey, b *baseline) {
		if status, text := b.post(plainReport); status != 200 {
			t.Fatalf("%d %s", status, text)
		}
		v.kill()
		for range 2 { // On the broken connection, and on none.
			if status, text := b.post(plainReport); status != 503 || !json.Valid([]byte(text)) {
				t.Errorf("%d %s", status, text)
			}
		}
		if status, _ := b.get(pathStats); status != 503 {
			t.Errorf("stats: %d", status)
		}
		v.start()
		eventually(t, "reports are stored again", func() bool {
			status, _ := b.post(plainReport)
			return status == 200
		})
	})
}

func TestStopsAtOnce(t *testing.T) {
	for _, mode := range modes {
		stopped, stop := context.WithCancel(context.Background())
		stop()
		done := make(chan error, 1)
		v := startValkey(t)
		go func() { done <- run(stopped, config{mode, "127.0.0.1:0", v.flag()}, func(net.Addr) {}) }()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("%s: %v", mode, err)
			}
		case <-time.After(patience):
			t.Errorf("%s does not stop", mode)
		}
	}
}

func TestRefusesAnUnknownMode(t *testing.T) {
	err := run(context.Background(), config{"fast", "127.0.0.1:0", "unix:///nothing"}, func(net.Addr) {})
	if err == nil {
		t.Error("a mode that is none runs")
	}
}

func TestStopLosesNothingAcknowledged(t *testing.T) {
	everyMode(t, func(t *testing.T, v *valkey, b *baseline) {
		var lock sync.Mutex // Guards the two below.
		acknowledged, sent := newReference(), int64(0)
		var group sync.WaitGroup
		for client := range 8 {
			group.Add(1)
			go func() {
				defer group.Done()
				random := rand.New(rand.NewSource(int64(client)))
				for {
					report, body := randomReport(random)
					status, text := b.post(body)
					if status == 0 {
						return // The door is closed.
					}
					lock.Lock()
					sent++
					if status == 200 {
						acknowledged.add(acknowledgedID(t, text), report)
					}
					lock.Unlock()
				}
			}()
		}
		eventually(t, "a hundred reports are stored", func() bool {
			lock.Lock()
			defer lock.Unlock()
			return acknowledged.total() >= 100
		})
		b.stop()
		select {
		case err := <-b.done:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(patience):
			t.Fatal("it does not stop")
		}
		group.Wait()
		if sent != acknowledged.total() {
			t.Errorf("%d answers, %d of them 200", sent, acknowledged.total())
		}
		acknowledged.compare(t, v.client)
	})
}
