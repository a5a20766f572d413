// Package tools pins what script/bench builds from the Go module registry: vegeta, which sends at a
// fixed rate and counts a late answer from when its request was due.
package tools
