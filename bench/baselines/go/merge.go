// Merges the reports of one batch into as few commands as there are keys; one SET a report remains.
// No I/O, no clock. Not thread-safe: the coalescing writer owns it.

package main

import (
	"strconv"
	"strings"
	"unsafe"

	"github.com/redis/rueidis"
)

type merger struct {
	towns   map[string]*town // Every municipality so far: their keys are made once.
	touched []*town          // Those of this batch.
	ids     []string         // Of this batch, beside `bodies`.
	bodies  []string
	text    []byte // Ids and numbers of this batch; `ids` and the lists point into it.
}

// town is a municipality: its keys, and what this batch adds to them.
type town struct {
	tweets, count, temperatures, temperatureSum, temperatureCount string
	humidities, humiditySum, humidityCount                        string

	conditions map[string]*condition
	touched    []*condition

	newIDs, newTemperatures, newHumidities []string
	addTemperature, addHumidity            float64
}

type condition struct {
	key   string
	count int
}

// add takes a report into the batch. Newer reports come before older ones in the lists, for LPUSH
// puts its last value in front.
// REQUIRES: what `report` and `body` point at stays until the batch was answered.
func (m *merger) add(id uint64, report *Report, body []byte) {
	t := m.town(report.Municipality)
	if len(t.newIDs) == 0 {
		m.touched = append(m.touched, t)
	}
	name := m.print(func(to []byte) []byte { return appendID(to, id) })
	m.ids = append(m.ids, name)
	m.bodies = append(m.bodies, rueidis.BinaryString(body))
	t.newIDs = append(t.newIDs, name)
	t.newTemperatures = append(t.newTemperatures, m.number(report.Temperature))
	t.newHumidities = append(t.newHumidities, m.number(report.Humidity))
	t.addTemperature += report.Temperature
	t.addHumidity += report.Humidity
	c := t.condition(report.Municipality, report.Weather)
	if c.count == 0 {
		t.touched = append(t.touched, c)
	}
	c.count++
}

// commands appends what stores the batch. The merger keeps what they point at until clear().
func (m *merger) commands(to []rueidis.Completed, b rueidis.Builder) []rueidis.Completed {
	for i, id := range m.ids {
		to = append(to, b.Arbitrary("SET").Keys(id).Args(m.bodies[i], "EX", expiryText).Build())
	}
	for _, t := range m.touched {
		count := int64(len(t.newIDs))
		to = append(to,
			b.Lpush().Key(t.tweets).Element(t.newIDs...).Build(),
			b.Incrby().Key(t.count).Increment(count).Build(),
			b.Lpush().Key(t.temperatures).Element(t.newTemperatures...).Build(),
			b.Arbitrary("INCRBYFLOAT").Keys(t.temperatureSum).Args(m.number(t.addTemperature)).Build(),
			b.Incrby().Key(t.temperatureCount).Increment(count).Build(),
			b.Lpush().Key(t.humidities).Element(t.newHumidities...).Build(),
			b.Arbitrary("INCRBYFLOAT").Keys(t.humiditySum).Args(m.number(t.addHumidity)).Build(),
			b.Incrby().Key(t.humidityCount).Increment(count).Build())
		for _, c := range t.touched {
			to = append(to, b.Incrby().Key(c.key).Increment(int64(c.count)).Build())
		}
	}
	return to
}

// clear begins the next batch in the memory of this one.
func (m *merger) clear() {
	for _, t := range m.touched {
		for _, c := range t.touched {
			c.count = 0
		}
		t.touched = t.touched[:0]
		t.newIDs, t.newTemperatures = t.newIDs[:0], t.newTemperatures[:0]
		t.newHumidities = t.newHumidities[:0]
		t.addTemperature, t.addHumidity = 0, 0
	}
	m.touched, m.ids, m.bodies, m.text = m.touched[:0], m.ids[:0], m.bodies[:0], m.text[:0]
}

func (m *merger) town(name string) *town {
	if t, known := m.towns[name]; known {
		return t
	}
	name = strings.Clone(name)
	t := &town{
		tweets: "tweets:" + name, count: "count:" + name,
		temperatures: "temperatures:" + name, temperatureSum: "temp_sum:" + name,
		temperatureCount: "temp_count:" + name,
		humidities:       "humidity:" + name, humiditySum: "humidity_sum:" + name,
		humidityCount: "humidity_count:" + name,
		conditions:    map[string]*condition{},
	}
	if m.towns == nil {
		m.towns = map[string]*town{}
	}
	m.towns[name] = t
	return t
}

func (t *town) condition(municipality, name string) *condition {
	if c, known := t.conditions[name]; known {
		return c
	}
	c := &condition{key: "weather:" + municipality + ":" + name}
	t.conditions[strings.Clone(name)] = c
	return c
}

// number is go-redis' way to write a float, so that all modes store the same text.
func (m *merger) number(value float64) string {
	return m.print(func(to []byte) []byte { return strconv.AppendFloat(to, value, 'f', -1, 64) })
}

// print writes into the batch's text. When that grows, earlier strings keep the old memory alive.
func (m *merger) print(write func(to []byte) []byte) string {
	from := len(m.text)
	m.text = write(m.text)
	written := m.text[from:]
	return unsafe.String(unsafe.SliceData(written), len(written))
}

var expiryText = strconv.Itoa(expirySeconds)
