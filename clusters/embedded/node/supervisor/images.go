package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"strings"
)

// The images of the cluster's own pods hold one static program each, so they are made here, from the node's files.
const (
	pauseImage   = "millrace.local/pause:node"
	corednsImage = "millrace.local/coredns:node"
)

var nodeImages = map[string]string{pauseImage: "/usr/local/bin/pause", corednsImage: "/usr/local/bin/coredns"}

// importImages gives containerd the images that it lacks. The name of a program's hash marks what is there already.
func importImages() error {
	present, err := output("ctr", "-n", "k8s.io", "images", "ls", "-q")
	if err != nil {
		return err
	}
	for name, program := range nodeImages {
		marker, err := markerName(name, program)
		if err != nil {
			return err
		}
		if strings.Contains(present, marker) {
			continue
		}
		if err := importImage(name, marker, program); err != nil {
			return fmt.Errorf("image %s: %w", name, err)
		}
	}
	return nil
}

func markerName(name, program string) (string, error) {
	file, err := os.Open(program)
	if err != nil {
		return "", err
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", err
	}
	return strings.TrimSuffix(name, ":node") + ":" + hex.EncodeToString(hash.Sum(nil))[:16], nil
}

// importImage streams a Docker archive with a single layer that holds only the program.
func importImage(name, marker, program string) error {
	binary, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	var layer bytes.Buffer
	if err := writeTar(&layer, tarEntry{path.Base(program), 0o755, binary}); err != nil {
		return err
	}
	digest := sha256.Sum256(layer.Bytes())
	config, err := json.Marshal(map[string]any{
		"architecture": "amd64", "os": "linux",
		"config": map[string]any{"Entrypoint": []string{"/" + path.Base(program)}, "User": "65532:65532"},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{"sha256:" + hex.EncodeToString(digest[:])}},
	})
	if err != nil {
		return err
	}
	manifest, err := json.Marshal([]map[string]any{{"Config": "config.json", "RepoTags": []string{name, marker}, "Layers": []string{"layer.tar"}}})
	if err != nil {
		return err
	}
	cmd := exec.Command("ctr", "-n", "k8s.io", "images", "import", "--local", "-")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		return err
	}
	writeErr := writeTar(stdin, tarEntry{"config.json", 0o644, config}, tarEntry{"layer.tar", 0o644, layer.Bytes()}, tarEntry{"manifest.json", 0o644, manifest})
	stdin.Close()
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("%w: %s", err, said.String())
	}
	return writeErr
}

type tarEntry struct {
	name    string
	mode    int64
	content []byte
}

func writeTar(to io.Writer, entries ...tarEntry) error {
	archive := tar.NewWriter(to)
	for _, e := range entries {
		if err := archive.WriteHeader(&tar.Header{Name: e.name, Mode: e.mode, Size: int64(len(e.content))}); err != nil {
			return err
		}
		if _, err := archive.Write(e.content); err != nil {
			return err
		}
	}
	return archive.Close()
}

func output(args ...string) (string, error) {
	said, err := exec.Command(args[0], args[1:]...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", args[0], err, strings.TrimSpace(string(said)))
	}
	return string(said), nil
}
