// The answers, the same for both doors.

package main

import (
	"errors"
	"log"
	"strconv"
)

const (
	pathReport  = "/api/weather"
	pathStats   = "/stats"
	pathReady   = "/ready"
	contentType = "application/json"
	readyAnswer = `{"ready":true}`
)

// appendAnswer writes what a posted report is answered with, and says with which status. A 200 has
// as many bytes as Chaac's.
func appendAnswer(to []byte, id uint64, err error) ([]byte, int) {
	switch {
	case err == nil:
		to = append(to, `{"status":"success","message":"weather report stored","id":"`...)
		return append(appendID(to, id), `"}`...), 200
	case errors.Is(err, errBadReport):
		return append(to, `{"status":"error","message":"municipality, temperature, humidity and `+
			`weather are needed"}`...), 400
	default:
		return append(to, `{"status":"error","message":"the store did not take the report"}`...), 503
	}
}

// appendTotal writes what GET /stats is answered with, and says with which status.
func appendTotal(to []byte, total int64, err error) ([]byte, int) {
	if err != nil {
		log.Printf("the total cannot be read: %v", err)
		return append(to, `{"status":"error","message":"the store does not answer"}`...), 503
	}
	return append(strconv.AppendInt(append(to, `{"total_processed":`...), total, 10), '}'), 200
}
