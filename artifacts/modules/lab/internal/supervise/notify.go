package supervise

import (
	"net"
	"os"
)

// Notifier tells systemd a state (READY=1, STOPPING=1). Without systemd it does nothing.
type Notifier struct{ path string }

// NewNotifier takes the socket out of the environment: a child that wrote to it would speak for k3s.
func NewNotifier() Notifier {
	path := os.Getenv("NOTIFY_SOCKET")
	os.Unsetenv("NOTIFY_SOCKET")
	return Notifier{path}
}

// Tell sends one state. systemd does not answer.
func (n Notifier) Tell(state string) {
	if n.path == "" {
		return
	}
	if connection, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: n.path, Net: "unixgram"}); err == nil {
		connection.Write([]byte(state))
		connection.Close()
	}
}
