// The report that clients post, and its plain decoder.
// "Minimal validation": the four fields are there, and the names are not empty; nothing is ranged.

package main

import (
	"encoding/json"
	"errors"
)

const (
	bodyBytesMax  = 64 * 1024    // As Chaac's, so that no mode is measured with a looser limit.
	expirySeconds = 24 * 60 * 60 // Of a report's own key; no other key expires.
)

// errBadReport is the client's fault: 400. Every other error of a store is 503.
var errBadReport = errors.New("not a weather report")

// Report is what a client posts, and how the modes sequential and pipelined store it.
type Report struct {
	Municipality string  `json:"municipality"`
	Temperature  float64 `json:"temperature"`
	Humidity     float64 `json:"humidity"`
	Weather      string  `json:"weather"`
}

// decodeReport takes any JSON object that has the four fields; encoding/json judges all of it.
func decodeReport(body []byte) (Report, error) {
	var fields struct {
		Municipality *string  `json:"municipality"`
		Temperature  *float64 `json:"temperature"`
		Humidity     *float64 `json:"humidity"`
		Weather      *string  `json:"weather"`
	}
	if err := json.Unmarshal(body, &fields); err != nil {
		return Report{}, errBadReport
	}
	if fields.Municipality == nil || fields.Temperature == nil || fields.Humidity == nil ||
		fields.Weather == nil || *fields.Municipality == "" || *fields.Weather == "" {
		return Report{}, errBadReport
	}
	return Report{*fields.Municipality, *fields.Temperature, *fields.Humidity, *fields.Weather}, nil
}
