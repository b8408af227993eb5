package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

// Names and limits under which the node passes for another kind of cluster. Whoever makes the container sets them; without
// them it is Millrace's own.
var (
	nodeName = setting("MILLRACE_NODE_NAME", "millrace")
	// The registry is reached under the same port from within the node as its images are named by.
	registryPort  = setting("MILLRACE_REGISTRY_PORT", "5000")
	registryLogin = os.Getenv(registryLoginVariable)
	className     = setting("MILLRACE_STORAGE_CLASS", "millrace-hostpath")
	classIsTaken  = setting("MILLRACE_STORAGE_DEFAULT", "true")
	provisioner   = setting("MILLRACE_STORAGE_PROVISIONER", "millrace.local/hostpath")
	// When a claim is bound: with its first pod, or at once.
	bindingMode = setting("MILLRACE_STORAGE_BINDING", "WaitForFirstConsumer")
	claimsGrow  = setting("MILLRACE_STORAGE_GROWS", "true")
	// "closed": the node ports of Services lead nowhere, as behind a cloud's firewall.
	nodePorts = setting("MILLRACE_NODE_PORTS", "open")
)

const (
	registryLoginVariable = "MILLRACE_REGISTRY_LOGIN"
	registryLogins        = "/run/millrace/registry.htpasswd"
	storageClassFile      = "/run/millrace/storage-class.yaml"
	// nowhere is a network of documentation (RFC 5737): no node has an address in it.
	nowhere = "192.0.2.0/24"
)

func setting(name, byDefault string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return byDefault
}

// storageClass: a claim becomes a directory of the node; it goes with the claim.
func storageClass() string {
	return fmt.Sprintf(`apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata:
  name: %s
  annotations: { storageclass.kubernetes.io/is-default-class: "%s" }
provisioner: %s
reclaimPolicy: Delete
allowVolumeExpansion: %s
volumeBindingMode: %s
`, className, classIsTaken, provisioner, claimsGrow, bindingMode)
}

func registrySettings() string {
	auth := ""
	if registryLogin != "" {
		auth = "auth: {htpasswd: {realm: millrace, path: " + registryLogins + "}}\n"
	}
	return `version: 0.1
log: {level: warn, accesslog: {disabled: true}}
storage:
  filesystem: {rootdirectory: /registry}
  delete: {enabled: true}
http: {addr: ":` + registryPort + `"}
` + auth
}

// htpasswdLine is a login, name:password, as the registry reads it.
func htpasswdLine(login string) (string, error) {
	name, password, found := strings.Cut(login, ":")
	if !found || name == "" || password == "" {
		return "", errors.New("it must be a name and a password with a colon between them")
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.DefaultCost)
	if err != nil {
		return "", err
	}
	return name + ":" + string(hash) + "\n", nil
}

// nodePortAddresses limits where kube-proxy serves node ports; empty: on all of the node's addresses.
func nodePortAddresses() []string {
	if nodePorts == "closed" {
		return []string{"--nodeport-addresses=" + nowhere}
	}
	return nil
}
