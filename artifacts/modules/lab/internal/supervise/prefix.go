package supervise

import (
	"bytes"
	"io"
	"sync"
)

// Lines makes writes of several children whole lines of one log.
type Lines struct {
	mutex sync.Mutex
	w     io.Writer
}

// NewLines wraps the log that all children share.
func NewLines(w io.Writer) *Lines { return &Lines{w: w} }

func (l *Lines) Write(p []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.w.Write(p)
}

// longestLine bounds what is kept of a child that never ends its line.
const longestLine = 64 << 10

// prefixer names the component at the start of each line.
type prefixer struct {
	w       io.Writer
	prefix  string
	pending []byte
}

func newPrefixer(w io.Writer, name string) *prefixer { return &prefixer{w: w, prefix: name + ": "} }

func (p *prefixer) Write(data []byte) (int, error) {
	p.pending = append(p.pending, data...)
	var out []byte
	for {
		end := bytes.IndexByte(p.pending, '\n')
		if end < 0 && len(p.pending) < longestLine {
			break
		}
		if end < 0 {
			end = len(p.pending) - 1
		}
		out = append(append(out, p.prefix...), bytes.TrimSuffix(p.pending[:end+1], []byte("\n"))...)
		out = append(out, '\n')
		p.pending = p.pending[end+1:]
	}
	if len(out) == 0 {
		return len(data), nil
	}
	_, err := p.w.Write(out)
	return len(data), err
}

func (p *prefixer) flush() {
	if len(p.pending) > 0 {
		p.w.Write(append(append([]byte(p.prefix), p.pending...), '\n'))
		p.pending = nil
	}
}
