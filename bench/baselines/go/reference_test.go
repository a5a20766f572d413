// What Valkey must hold after a set of reports, computed the plain way, and the comparison.

package main

import (
	"context"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

type reference struct {
	documents map[string]Report // By id.
	counts    map[string]int64
	sums      map[string]float64
	lists     map[string][]string // In any order.
}

func newReference() *reference {
	return &reference{map[string]Report{}, map[string]int64{}, map[string]float64{}, map[string][]string{}}
}

func (r *reference) add(id string, report Report) {
	m := report.Municipality
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	r.documents[id] = report
	r.lists["tweets:"+m] = append(r.lists["tweets:"+m], id)
	r.lists["temperatures:"+m] = append(r.lists["temperatures:"+m], number(report.Temperature))
	r.lists["humidity:"+m] = append(r.lists["humidity:"+m], number(report.Humidity))
	r.counts["count:"+m]++
	r.counts["temp_count:"+m]++
	r.counts["humidity_count:"+m]++
	r.counts["weather:"+m+":"+report.Weather]++
	r.sums["temp_sum:"+m] += report.Temperature
	r.sums["humidity_sum:"+m] += report.Humidity
}

// compare looks at every key, and that there is no other.
func (r *reference) compare(t *testing.T, client *redis.Client) {
	t.Helper()
	ctx := context.Background()
	var expected []string
	for id, report := range r.documents {
		expected = append(expected, id)
		var stored Report
		text, err := client.Get(ctx, id).Bytes()
		if err != nil || json.Unmarshal(text, &stored) != nil || stored != report {
			t.Errorf("%s: %q, %v; expected %v", id, text, err, report)
		}
		if left := client.TTL(ctx, id).Val(); left <= 23*time.Hour || left > 24*time.Hour {
			t.Errorf("%s expires in %v", id, left)
		}
	}
	for key, count := range r.counts {
		expected = append(expected, key)
		if stored, err := client.Get(ctx, key).Int64(); stored != count {
			t.Errorf("%s: %d, %v; expected %d", key, stored, err, count)
		}
	}
	for key, sum := range r.sums {
		expected = append(expected, key)
		if stored, err := client.Get(ctx, key).Float64(); err != nil || math.Abs(stored-sum) > 1e-6 {
			t.Errorf("%s: %v, %v; expected %v", key, stored, err, sum)
		}
	}
	for key, list := range r.lists {
		expected = append(expected, key)
		stored, err := client.LRange(ctx, key, 0, -1).Result()
		slices.Sort(stored)
		slices.Sort(list)
		if !slices.Equal(stored, list) {
			t.Errorf("%s: %d values, %v; expected %d, or other ones", key, len(stored), err, len(list))
		}
	}
	keys := client.Keys(ctx, "*").Val()
	slices.Sort(keys)
	slices.Sort(expected)
	if !slices.Equal(keys, expected) {
		t.Errorf("keys: %d; expected %d, or other ones", len(keys), len(expected))
	}
	for _, key := range keys {
		if !strings.HasPrefix(key, "tweet-") && client.TTL(ctx, key).Val() != -1 {
			t.Errorf("%s expires", key)
		}
	}
}

func (r *reference) total() int64 { return int64(len(r.documents)) }
