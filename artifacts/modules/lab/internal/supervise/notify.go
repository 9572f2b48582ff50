package supervise

import (
	"net"
	"os"
)

// Notify tells systemd a state (READY=1, STOPPING=1). Without systemd it does nothing.
func Notify(state string) {
	path := os.Getenv("NOTIFY_SOCKET")
	if path == "" {
		return
	}
	if path[0] == '@' {
		path = "\x00" + path[1:]
	}
	if connection, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"}); err == nil {
		connection.Write([]byte(state))
		connection.Close()
	}
}
