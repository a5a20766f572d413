// The modes sequential and pipelined: each request sends its own ten commands, with go-redis and
// its default pool (10 connections a processor, three retries: a command whose answer was lost may
// count twice).

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"time"

	"github.com/redis/go-redis/v9"
)

type perRequestStore struct {
	client *redis.Client
	ids    *ids
	seen   seen
	send   func(ctx context.Context, client *redis.Client, id string, report Report, document []byte) error
	logs   bool // Sequential writes a line a request, as the original does.
}

func newPerRequestStore(valkey string, sequential bool) *perRequestStore {
	network, address := valkeyAddress(valkey)
	s := &perRequestStore{
		client: redis.NewClient(&redis.Options{Network: network, Addr: address}),
		ids:    newIDs(),
		send:   sendTransaction,
		logs:   sequential,
	}
	if sequential {
		s.send = sendOneByOne
	}
	return s
}

func (s *perRequestStore) Save(ctx context.Context, body []byte) (uint64, error) {
	report, err := decodeReport(body)
	if err != nil {
		return 0, err
	}
	document, err := json.Marshal(report)
	if err != nil {
		return 0, err
	}
	s.seen.add(report.Municipality)
	id := s.ids.next()
	name := string(appendID(nil, id))
	if err := s.send(ctx, s.client, name, report, document); err != nil {
		log.Printf("%s of %s is not stored: %v", name, report.Municipality, err)
		return 0, err
	}
	if s.logs {
		log.Printf("stored %s: %s %v °C %v %% %s", name, report.Municipality, report.Temperature,
			report.Humidity, report.Weather)
	}
	return id, nil
}

func (s *perRequestStore) Total(ctx context.Context) (int64, error) {
	keys := s.seen.countKeys()
	if len(keys) == 0 {
		return 0, nil
	}
	values, err := s.client.MGet(ctx, keys...).Result()
	if err != nil {
		return 0, err
	}
	return sumCounts(values)
}

func (s *perRequestStore) Close() { _ = s.client.Close() }

// tenCommands issues them on a client, where each waits for its answer, or on a transaction, where
// they are only queued. It stops at the first error.
func tenCommands(ctx context.Context, to redis.Cmdable, id string, r Report, document []byte) error {
	m := r.Municipality
	for _, command := range [...]func() error{
		func() error { return to.Set(ctx, id, document, expirySeconds*time.Second).Err() },
		func() error { return to.LPush(ctx, "tweets:"+m, id).Err() },
		func() error { return to.Incr(ctx, "count:"+m).Err() },
		func() error { return to.LPush(ctx, "temperatures:"+m, r.Temperature).Err() },
		func() error { return to.IncrByFloat(ctx, "temp_sum:"+m, r.Temperature).Err() },
		func() error { return to.Incr(ctx, "temp_count:"+m).Err() },
		func() error { return to.LPush(ctx, "humidity:"+m, r.Humidity).Err() },
		func() error { return to.IncrByFloat(ctx, "humidity_sum:"+m, r.Humidity).Err() },
		func() error { return to.Incr(ctx, "humidity_count:"+m).Err() },
		func() error { return to.Incr(ctx, "weather:"+m+":"+r.Weather).Err() },
	} {
		if err := command(); err != nil {
			return err
		}
	}
	return nil
}

func sendOneByOne(
	ctx context.Context, client *redis.Client, id string, report Report, document []byte,
) error {
	if err := tenCommands(ctx, client, id, report, document); err != nil {
		return fmt.Errorf("one of ten commands: %w", err)
	}
	return nil
}

// sendTransaction sends MULTI, the ten and EXEC in one write, and reads one lot of answers.
func sendTransaction(
	ctx context.Context, client *redis.Client, id string, report Report, document []byte,
) error {
	_, err := client.TxPipelined(ctx, func(transaction redis.Pipeliner) error {
		return tenCommands(ctx, transaction, id, report, document)
	})
	return err
}
