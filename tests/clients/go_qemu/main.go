// SPDX-License-Identifier: Apache-2.0

// Drives a monitor with digitalocean's go-qemu, as an orchestration agent in Go would: connects,
// negotiates, runs commands, receives events. Usage: go_qemu SOCKET. Prints one line a check.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/digitalocean/go-qemu/qmp"
)

const patience = 20 * time.Second

var passed, failed int

func check(ok bool, what string, detail interface{}) {
	if ok {
		passed++
		fmt.Println("ok  ", what)
	} else {
		failed++
		fmt.Println("FAIL", what, ":", detail)
	}
}

// next waits for the event of that name; others may come before.
func next(events <-chan qmp.Event, name string) bool {
	timeout := time.After(patience)
	for {
		select {
		case event := <-events:
			if event.Event == name {
				return true
			}
		case <-timeout:
			return false
		}
	}
}

func status(monitor qmp.Monitor) (string, error) {
	raw, err := monitor.Run([]byte(`{"execute": "query-status"}`))
	if err != nil {
		return "", err
	}
	var reply struct {
		Return struct {
			Status string `json:"status"`
		} `json:"return"`
	}
	return reply.Return.Status, json.Unmarshal(raw, &reply)
}

func drive(path string) {
	monitor, err := qmp.NewSocketMonitor("unix", path, patience)
	check(err == nil, "the socket accepts a client", err)
	if err != nil {
		return
	}
	err = monitor.Connect()
	check(err == nil, "greeting and negotiation", err)
	defer monitor.Disconnect()
	version := monitor.Version
	check(version != nil && len(monitor.Capabilities) == 1,
		"the greeting has a version and offers oob", version)
	incoming, err := monitor.Events(context.Background())
	check(err == nil, "events are subscribed to", err)
	// The library hands over no reply while an event waits to be taken.
	events := make(chan qmp.Event, 100)
	go func() {
		for event := range incoming {
			events <- event
		}
	}()

	now, err := status(monitor)
	check(err == nil && now == "prelaunch", "query-status says prelaunch", now)
	_, err = monitor.Run([]byte(`{"execute": "system_reset"}`))
	check(err == nil, "system_reset succeeds", err)
	check(next(events, "RESET"), "the event RESET arrives", "no event in time")
	_, err = monitor.Run([]byte(`{"execute": "nonesuch"}`))
	check(err != nil, "a command that does not exist is an error", "no error")
	_, err = monitor.Run([]byte(`{"execute": "query-block"}`))
	check(err == nil, "query-block decodes", err)
	_, err = monitor.Run([]byte(`{"execute": "query-qmp-schema"}`))
	check(err == nil, "the whole schema decodes", err)
	_, err = monitor.Run([]byte(`{"execute": "system_powerdown"}`))
	check(err == nil, "system_powerdown succeeds", err)
	check(next(events, "POWERDOWN"), "the event POWERDOWN arrives", "no event in time")
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go_qemu SOCKET")
		os.Exit(2)
	}
	drive(os.Args[1])
	fmt.Printf("%d passed, %d failed, 0 skipped\n", passed, failed)
	if failed != 0 {
		os.Exit(1)
	}
}
