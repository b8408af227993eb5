package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const cgroupRoot = "/sys/fs/cgroup"

// prepareHost makes writable what the engine mounts read-only, and spreads mounts made by pods.
func prepareHost() error {
	if err := syscall.Mount("", "/", "", syscall.MS_SHARED|syscall.MS_REC, ""); err != nil {
		return fmt.Errorf("make mounts shared: %w; the engine must grant CAP_SYS_ADMIN", err)
	}
	if err := syscall.Mount("", "/sys", "", syscall.MS_REMOUNT, ""); err != nil {
		return fmt.Errorf("make /sys writable: %w", err)
	}
	hierarchies := []string{cgroupRoot}
	entries, err := os.ReadDir(cgroupRoot)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if path := filepath.Join(cgroupRoot, entry.Name()); isMountPoint(path) {
			hierarchies = append(hierarchies, path)
		}
	}
	for _, path := range hierarchies {
		// A plain remount of a hierarchy that the host uses too is busy: only this bind mount's flag may change.
		if err := syscall.Mount("", path, "", syscall.MS_REMOUNT|syscall.MS_BIND, ""); err != nil {
			return fmt.Errorf("make %s writable: %w", path, err)
		}
	}
	if cgroupV2() {
		if err := delegateCgroups(); err != nil {
			return fmt.Errorf("cgroup v2: %w", err)
		}
	}
	// Some engines leave it read-only; pods work without it, so that is no reason to stop.
	_ = syscall.Mount("", "/proc/sys", "", syscall.MS_REMOUNT|syscall.MS_BIND, "")
	useWorkingIptables()
	return ensureMachineID()
}

func isMountPoint(path string) bool {
	mounts, err := os.ReadFile("/proc/self/mounts")
	return err == nil && strings.Contains(string(mounts), " "+path+" ")
}

func cgroupV2() bool {
	_, err := os.Stat(filepath.Join(cgroupRoot, "cgroup.controllers"))
	return err == nil
}

// delegateCgroups moves the node's own processes to a leaf and hands every controller to the children of the root: a
// cgroup v2 that holds processes may not have children with controllers.
func delegateCgroups() error {
	leaf := filepath.Join(cgroupRoot, "millrace")
	if err := os.MkdirAll(leaf, 0o755); err != nil {
		return err
	}
	pids, err := os.ReadFile(filepath.Join(cgroupRoot, "cgroup.procs"))
	if err != nil {
		return err
	}
	for _, pid := range strings.Fields(string(pids)) {
		err := os.WriteFile(filepath.Join(leaf, "cgroup.procs"), []byte(pid), 0)
		if err != nil && !errors.Is(err, syscall.ESRCH) {
			return err
		}
	}
	controllers, err := os.ReadFile(filepath.Join(cgroupRoot, "cgroup.controllers"))
	if err != nil {
		return err
	}
	for _, controller := range strings.Fields(string(controllers)) {
		if err := os.WriteFile(filepath.Join(cgroupRoot, "cgroup.subtree_control"), []byte("+"+controller), 0); err != nil {
			fmt.Fprintf(os.Stderr, "cgroup controller %s stays off: %v\n", controller, err)
		}
	}
	return nil
}

// useWorkingIptables falls back to the legacy back end where the kernel has no nftables.
func useWorkingIptables() {
	if exec.Command("iptables", "-t", "nat", "-S").Run() == nil {
		return
	}
	for _, name := range []string{"iptables", "ip6tables"} {
		_ = exec.Command("update-alternatives", "--set", name, "/usr/sbin/"+name+"-legacy").Run()
	}
}

func ensureMachineID() error {
	const path = "/var/lib/millrace/machine-id"
	if _, err := os.Stat(path); err != nil {
		id, err := os.ReadFile("/proc/sys/kernel/random/uuid")
		if err != nil {
			return err
		}
		if err := writeFile(path, strings.ReplaceAll(string(id), "-", ""), 0o644); err != nil {
			return err
		}
	}
	id, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile("/etc/machine-id", id, 0o644)
}

// mayLowerOOMScore probes a right (CAP_SYS_RESOURCE) that some engines can't give.
func mayLowerOOMScore() bool {
	const path = "/proc/self/oom_score_adj"
	before, err := os.ReadFile(path)
	if err != nil || os.WriteFile(path, []byte("-999"), 0) != nil {
		return false
	}
	return os.WriteFile(path, before, 0) == nil
}

// mayLimitPods tells whether pods can have limits of processor time: cgroup v1 refuses one above the node's own quota.
func mayLimitPods() bool {
	quota, err := os.ReadFile(filepath.Join(cgroupRoot, "cpu", "cpu.cfs_quota_us"))
	return err != nil || strings.TrimSpace(string(quota)) == "-1"
}

// dropStartupMemory gives back what only the start needed: buffers of our own, and pages of programs that ran once.
func dropStartupMemory(ctx context.Context) {
	debug.FreeOSMemory()
	script := "echo 0 > " + cgroupRoot + "/memory/memory.force_empty"
	if cgroupV2() {
		script = "echo 512M > " + cgroupRoot + "/memory.reclaim"
	}
	// The kernel goes on for minutes after the last page that can be had; the first seconds bring nearly all.
	limited, stop := context.WithTimeout(ctx, 4*time.Second)
	defer stop()
	_ = exec.CommandContext(limited, "sh", "-c", script).Run()
}

// nodeAddress is the container's own address on its network, which may differ from start to start.
func nodeAddress() (string, error) {
	link, err := net.InterfaceByName("eth0")
	if err != nil {
		return "", fmt.Errorf("network: %w; the container needs a Docker network", err)
	}
	addresses, err := link.Addrs()
	if err != nil {
		return "", err
	}
	for _, address := range addresses {
		if ipnet, ok := address.(*net.IPNet); ok && ipnet.IP.To4() != nil {
			return ipnet.IP.String(), nil
		}
	}
	return "", errors.New("eth0 has no IPv4 address")
}

// endPods sends SIGTERM to the first process of every container of a pod and waits until they are gone.
func endPods(limit time.Duration) {
	for _, pid := range podProcesses() {
		_ = syscall.Kill(pid, syscall.SIGTERM)
	}
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if len(podProcesses()) == 0 {
			return
		}
	}
}

// podProcesses lists the processes in pods' cgroups that are process 1 in a namespace of their own.
func podProcesses() []int {
	var found []int
	entries, _ := os.ReadDir("/proc")
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		cgroup, _ := os.ReadFile(filepath.Join("/proc", entry.Name(), "cgroup"))
		status, _ := os.ReadFile(filepath.Join("/proc", entry.Name(), "status"))
		if strings.Contains(string(cgroup), "/kubepods/") && firstInNamespace(string(status)) {
			found = append(found, pid)
		}
	}
	return found
}

func firstInNamespace(status string) bool {
	for line := range strings.Lines(status) {
		if pids, ok := strings.CutPrefix(line, "NSpid:"); ok {
			fields := strings.Fields(pids)
			return len(fields) > 1 && fields[len(fields)-1] == "1"
		}
	}
	return false
}
