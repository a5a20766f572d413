// The fast decoder has the plain one's opinion on everything.

package main

import (
	"math"
	"math/rand"
	"testing"
)

func sameOpinion(t *testing.T, body []byte) {
	t.Helper()
	fast, fastErr := decodeReportFast(body)
	plain, plainErr := decodeReport(body)
	if fast != plain || (fastErr == nil) != (plainErr == nil) ||
		math.Signbit(fast.Temperature) != math.Signbit(plain.Temperature) {
		t.Errorf("%q: %v, %v; expected %v, %v", body, fast, fastErr, plain, plainErr)
	}
}

var decoderSeeds = []string{
	plainReport,
	`{"municipality":"mixco","temperature":-0,"humidity":0.50,"weather":"sunny"}`,
	`{"municipality":"mixco","temperature":01,"humidity":1.,"weather":"sunny"}`,
	`{"municipality":"mixco","temperature":.5,"humidity":-,"weather":"sunny"}`,
	`{"municipality":"mixco","temperature":1e3,"humidity":+1,"weather":"sunny"}`,
	`{"municipality":"mixco","temperature":1e999,"humidity":1,"weather":"sunny"}`,
	`{"municipality":"mixco","municipality":"a","temperature":1,"humidity":1,"weather":"sunny"}`,
	`{"municipality":"mixco","temperature":1,"humidity":1,"weather":"sunny","weather":"rainy"}`,
	`{"MUNICIPALITY":"mixco","temperature":1,"humidity":1,"weather":"sunny"}`,
	`{"municipality":"\u00e1","temperature":1,"humidity":1,"weather":"s\"y"}`,
	`{"municipality":"á","temperature":1,"humidity":1,"weather":"` + "\xff" + `"}`,
	`{"municipality":null,"temperature":1,"humidity":null,"weather":"sunny"}`,
	`{"municipality":"mixco","temperature":1,"humidity":1,"weather":"sunny",}`,
	`{"municipality":"mixco","temperature":1,"humidity":1,"weather":"sunny"}}`,
	`{"municipality":"mixco","temperature":1,"humidity":1,"weather":""}`,
	`{"municipality":"mixco","temperature":1 "humidity":1,"weather":"sunny"}`,
	`{"municipality":"mixco","temperature":123456789012345678901234567890.5,"humidity":1,"weather":"s"}`,
}

func TestFastDecoderAgrees(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	for _, seed := range decoderSeeds {
		sameOpinion(t, []byte(seed))
		for end := range seed {
			sameOpinion(t, []byte(seed[:end]))
		}
		for range 2000 { // One byte changed.
			body := []byte(seed)
			body[random.Intn(len(body))] = `{}[]":,.-+0159eE\ `[random.Intn(18)]
			sameOpinion(t, body)
		}
	}
}

func TestFastDecoderTakesWhatClientsSend(t *testing.T) {
	body := []byte(plainReport)
	if allocations := testing.AllocsPerRun(100, func() { _, _ = decodeReportFast(body) }); allocations != 0 {
		t.Errorf("%v allocations: it went to encoding/json", allocations)
	}
}

func FuzzFastDecoder(f *testing.F) {
	for _, seed := range decoderSeeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(sameOpinion)
}

func BenchmarkDecode(b *testing.B) {
	body := []byte(plainReport)
	b.Run("fast", func(b *testing.B) {
		for range b.N {
			_, _ = decodeReportFast(body)
		}
	})
	b.Run("encoding/json", func(b *testing.B) {
		for range b.N {
			_, _ = decodeReport(body)
		}
	})
}
