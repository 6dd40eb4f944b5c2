// The library that Centrifugo is built on: node.Publish to a channel, JSON protocol.
// Prints {"port": ..., "control": ...}; a line "P n t" on the control port publishes n updates.
package main

import (
	"bufio"
	"fmt"
	"log"
	"net"
	"net/http"
	"strings"

	"github.com/centrifugal/centrifuge"
)

const messageBytes = 200 // of one update as JSON with our envelope: see native/message.h

func listen() net.Listener {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	return listener
}

func port(listener net.Listener) int {
	return listener.Addr().(*net.TCPAddr).Port
}

func serve(node *centrifuge.Node, listener net.Listener) {
	handler := centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{})
	http.HandleFunc("/connection/websocket", func(w http.ResponseWriter, r *http.Request) {
		ctx := centrifuge.SetCredentials(r.Context(), &centrifuge.Credentials{UserID: "bench"})
		handler.ServeHTTP(w, r.WithContext(ctx))
	})
	log.Fatal(http.Serve(listener, nil))
}

func publish(node *centrifuge.Node, seq int, at uint64) {
	size := messageBytes - 107 - len(fmt.Sprint(at)) - len(fmt.Sprint(seq))
	data := fmt.Sprintf(`{"symbol":"AAPL","at":%d,"text":"%s"}`, at, strings.Repeat("x", size))
	if _, err := node.Publish("quotes", []byte(data)); err != nil {
		log.Fatal(err)
	}
}

func main() {
	node, err := centrifuge.New(centrifuge.Config{})
	if err != nil {
		log.Fatal(err)
	}
	node.OnConnect(func(client *centrifuge.Client) {
		client.OnSubscribe(func(_ centrifuge.SubscribeEvent, reply centrifuge.SubscribeCallback) {
			reply(centrifuge.SubscribeReply{}, nil)
		})
	})
	if err := node.Run(); err != nil {
		log.Fatal(err)
	}
	clients, control := listen(), listen()
	go serve(node, clients)
	fmt.Printf("{\"port\": %d, \"control\": %d}\n", port(clients), port(control))
	seq := 0
	for {
		hand, err := control.Accept()
		if err != nil {
			log.Fatal(err)
		}
		for lines := bufio.NewScanner(hand); lines.Scan(); {
			var count int
			var at uint64
			if _, err := fmt.Sscanf(lines.Text(), "P %d %d", &count, &at); err != nil {
				log.Fatal(err)
			}
			for i := 0; i < count; i++ {
				seq++
				publish(node, seq, at)
			}
		}
	}
}
