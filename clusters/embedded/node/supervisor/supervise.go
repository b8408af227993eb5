package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

const (
	logDir    = "/var/log/millrace"
	stateFile = "/run/millrace/state.json"
	// logLimit bounds one log file; a part has two, the current and the one before.
	logLimit = 5 << 20
	maxPause = 10 * time.Second
)

// A part is one long-running program of the node.
type part struct {
	name string
	args []string
	env  []string
}

// partState is what the host shows of a part.
type partState struct {
	Name      string    `json:"name"`
	PID       int       `json:"pid"`
	Restarts  int       `json:"restarts"`
	StartedAt time.Time `json:"startedAt"`
	LastExit  string    `json:"lastExit,omitempty"`
}

type supervisor struct {
	mu       sync.Mutex
	current  string
	since    time.Time
	order    []string
	states   map[string]*partState
	stopping map[string]bool
	done     map[string]chan struct{}
}

func newSupervisor() *supervisor {
	return &supervisor{states: map[string]*partState{}, stopping: map[string]bool{}, done: map[string]chan struct{}{}}
}

// phase tells the host what is being waited for; "ready" is the last one of a start.
func (s *supervisor) phase(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current, s.since = name, time.Now().UTC()
	s.save()
}

func (s *supervisor) save() {
	parts := make([]*partState, 0, len(s.order))
	for _, name := range s.order {
		parts = append(parts, s.states[name])
	}
	state, err := json.Marshal(map[string]any{"phase": s.current, "since": s.since, "parts": parts})
	if err == nil {
		err = writeFile(stateFile, string(state), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "state file:", err)
	}
}

func (s *supervisor) start(parts ...part) {
	for _, p := range parts {
		s.mu.Lock()
		s.order = append(s.order, p.name)
		s.states[p.name] = &partState{Name: p.name}
		s.done[p.name] = make(chan struct{})
		s.mu.Unlock()
		go s.keep(p)
	}
}

// keep runs a part again and again; the pause grows while it dies young.
func (s *supervisor) keep(p part) {
	defer close(s.done[p.name])
	log, err := openLog(p.name)
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s runs without a log: %v\n", p.name, err)
	}
	for pause := 200 * time.Millisecond; ; pause = min(2*pause, maxPause) {
		begun := time.Now()
		result := s.runOnce(p, log)
		s.mu.Lock()
		stopping := s.stopping[p.name]
		if !stopping {
			s.states[p.name].PID = 0
			s.states[p.name].Restarts++
			s.states[p.name].LastExit = result
			s.save()
		}
		s.mu.Unlock()
		if stopping {
			return
		}
		fmt.Fprintf(os.Stderr, "%s ended (%s); it is started again\n", p.name, result)
		if time.Since(begun) > time.Minute {
			pause = 200 * time.Millisecond
		}
		time.Sleep(pause)
	}
}

func (s *supervisor) runOnce(p part, log io.Writer) string {
	// A pipe of our own: waiting for the part must not wait for children that outlive it (containerd's shims).
	read, write, err := os.Pipe()
	if err != nil {
		return err.Error()
	}
	cmd := exec.Command(p.args[0], p.args[1:]...)
	cmd.Env = append(os.Environ(), p.env...)
	cmd.Stdout, cmd.Stderr = write, write
	// A group of its own: signals meant for the supervisor do not reach the parts out of order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	s.mu.Lock()
	if s.stopping[p.name] {
		s.mu.Unlock()
		read.Close()
		write.Close()
		return "stopped"
	}
	err = cmd.Start()
	if err == nil {
		s.states[p.name].PID, s.states[p.name].StartedAt = cmd.Process.Pid, time.Now().UTC()
		s.save()
	}
	s.mu.Unlock()
	write.Close()
	go func() {
		defer read.Close()
		if log == nil {
			log = io.Discard
		}
		_, _ = io.Copy(log, read)
	}()
	if err != nil {
		return err.Error()
	}
	_ = cmd.Wait()
	return cmd.ProcessState.String()
}

// stop ends parts at once and waits; after the limit they are killed.
func (s *supervisor) stop(limit time.Duration, names ...string) {
	timer := time.After(limit)
	s.signal(syscall.SIGTERM, names)
	for i, name := range names {
		s.mu.Lock()
		done, started := s.done[name]
		s.mu.Unlock()
		if !started {
			continue
		}
		select {
		case <-done:
		case <-timer:
			s.signal(syscall.SIGKILL, names[i:])
			return
		}
	}
}

func (s *supervisor) signal(sig syscall.Signal, names []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range names {
		s.stopping[name] = true
		if state := s.states[name]; state != nil && state.PID > 0 {
			_ = syscall.Kill(state.PID, sig)
		}
	}
}

// A boundedLog is a file that starts again, keeping the one before, when it is full.
type boundedLog struct {
	mu   sync.Mutex
	path string
	file *os.File
	size int64
}

func openLog(name string) (io.Writer, error) {
	l := &boundedLog{path: logDir + "/" + name + ".log"}
	if err := os.MkdirAll(logDir, 0o755); err != nil {
		return nil, err
	}
	return l, l.open()
}

func (l *boundedLog) open() error {
	file, err := os.OpenFile(l.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return err
	}
	l.file, l.size = file, info.Size()
	return nil
}

// Write never fails: a full disk must not block the part behind a full pipe.
func (l *boundedLog) Write(data []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.size+int64(len(data)) > logLimit {
		l.file.Close()
		if os.Rename(l.path, l.path+".1") != nil || l.open() != nil {
			return len(data), nil
		}
	}
	n, _ := l.file.Write(data)
	l.size += int64(n)
	return len(data), nil
}
