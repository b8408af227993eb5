package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

const (
	// keptDir holds what must outlive a restart: the authority that users' kubeconfigs trust, and the key of tokens.
	keptDir = "/var/lib/millrace/pki"
	pkiDir  = "/run/millrace/pki"
	confDir = "/run/millrace/kubeconfig"
	// adminConf is read by the host to make the user's kubeconfig.
	adminConf = confDir + "/admin"
	validity  = 10 * 365 * 24 * time.Hour
)

// A client of the API server: its name and group decide its rights by Kubernetes' own default roles.
type client struct{ name, user, group string }

var clients = []client{
	{"admin", "millrace-admin", "system:masters"},
	{"apiserver-kubelet-client", "millrace-apiserver", "system:masters"},
	{"kubelet", "system:node:" + nodeName, "system:nodes"},
	{"controller-manager", "system:kube-controller-manager", ""},
	{"scheduler", "system:kube-scheduler", ""},
	{"proxy", "system:kube-proxy", ""},
	{"provisioner", "millrace:provisioner", ""},
	{"policies", "millrace:policies", ""},
	{"metrics", "millrace:metrics", ""},
}

// frontProxy is whom parts behind the API server know it by, when it hands requests on in the name of others. Only an
// authority of its own may vouch for it: who has a certificate of the cluster's must not speak in anybody's name.
const frontProxy = "front-proxy"

type authority struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// writeIdentities loads or makes the authority, then makes every certificate and kubeconfig of this start.
func writeIdentities(ip string) error {
	ca, err := loadAuthority(keptDir, "ca")
	if err != nil {
		return err
	}
	front, err := loadAuthority(pkiDir, frontProxy+"-ca")
	if err != nil {
		return err
	}
	if err := front.issue(frontProxy, x509.Certificate{Subject: pkix.Name{CommonName: frontProxy}}); err != nil {
		return err
	}
	if err := keepTokenKey(); err != nil {
		return err
	}
	names := []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local", nodeName}
	serving := x509.Certificate{
		Subject: pkix.Name{CommonName: "kube-apiserver"}, DNSNames: names,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.ParseIP(clusterIP), net.ParseIP(ip)},
	}
	if err := ca.issue("apiserver", serving); err != nil {
		return err
	}
	kubelet := x509.Certificate{
		Subject: pkix.Name{CommonName: "system:node:" + nodeName}, DNSNames: []string{nodeName}, IPAddresses: []net.IP{net.ParseIP(ip)},
	}
	if err := ca.issue("kubelet-serving", kubelet); err != nil {
		return err
	}
	metrics := x509.Certificate{
		Subject: pkix.Name{CommonName: metricsService}, DNSNames: []string{metricsService + ".kube-system.svc"}, IPAddresses: []net.IP{net.ParseIP(ip)},
	}
	if err := ca.issue("metrics-serving", metrics); err != nil {
		return err
	}
	for _, c := range clients {
		subject := pkix.Name{CommonName: c.user}
		if c.group != "" {
			subject.Organization = []string{c.group}
		}
		if err := ca.issue(c.name, x509.Certificate{Subject: subject}); err != nil {
			return err
		}
		if err := writeKubeconfig(c.name); err != nil {
			return err
		}
	}
	return nil
}

func loadAuthority(dir, name string) (*authority, error) {
	certPath, keyPath := filepath.Join(dir, name+".crt"), filepath.Join(dir, name+".key")
	if _, err := os.Stat(certPath); errors.Is(err, os.ErrNotExist) {
		if err := makeAuthority("millrace-"+name, certPath, keyPath); err != nil {
			return nil, err
		}
	}
	certDER, err := readPEM(certPath)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(certDER)
	if err != nil {
		return nil, err
	}
	keyDER, err := readPEM(keyPath)
	if err != nil {
		return nil, err
	}
	key, err := x509.ParseECPrivateKey(keyDER)
	if err != nil {
		return nil, err
	}
	return &authority{cert, key}, nil
}

// makeAuthority writes the certificate last: its presence says that both files are whole.
func makeAuthority(name, certPath, keyPath string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := x509.Certificate{
		Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := sign(&template, &template, key.Public(), key)
	if err != nil {
		return err
	}
	if err := writeECKey(keyPath, key); err != nil {
		return err
	}
	return writePEM(certPath, "CERTIFICATE", der, 0o644)
}

// keepTokenKey makes the key that signs service account tokens; losing it would invalidate those that pods hold.
func keepTokenKey() error {
	path := filepath.Join(keptDir, "sa.key")
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return err
	}
	if err := writePEM(filepath.Join(keptDir, "sa.pub"), "PUBLIC KEY", public, 0o644); err != nil {
		return err
	}
	return writePEM(path, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key), 0o600)
}

func (ca *authority) issue(name string, template x509.Certificate) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	der, err := sign(&template, ca.cert, key.Public(), ca.key)
	if err != nil {
		return err
	}
	if err := writePEM(filepath.Join(pkiDir, name+".crt"), "CERTIFICATE", der, 0o644); err != nil {
		return err
	}
	return writeECKey(filepath.Join(pkiDir, name+".key"), key)
}

func sign(template, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial
	// An hour back, because clocks of engine and host may differ a little.
	template.NotBefore = time.Now().Add(-time.Hour)
	template.NotAfter = time.Now().Add(validity)
	return x509.CreateCertificate(rand.Reader, template, parent, public, key)
}

func writeKubeconfig(name string) error {
	var data [3]string
	for i, path := range []string{keptDir + "/ca.crt", pkiDir + "/" + name + ".crt", pkiDir + "/" + name + ".key"} {
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		data[i] = base64.StdEncoding.EncodeToString(content)
	}
	return writeFile(filepath.Join(confDir, name), fmt.Sprintf(`apiVersion: v1
kind: Config
clusters:
- name: millrace
  cluster: {server: "https://127.0.0.1:6443", certificate-authority-data: %s}
users:
- name: %s
  user: {client-certificate-data: %s, client-key-data: %s}
contexts:
- name: millrace
  context: {cluster: millrace, user: %s}
current-context: millrace
`, data[0], name, data[1], data[2], name), 0o600)
}

func readPEM(path string) ([]byte, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(content)
	if block == nil {
		return nil, fmt.Errorf("%s is damaged; destroy the cluster with its volume and start again", path)
	}
	return block.Bytes, nil
}

func writeECKey(path string, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	return writePEM(path, "EC PRIVATE KEY", der, 0o600)
}

func writePEM(path, kind string, der []byte, mode os.FileMode) error {
	return writeFile(path, string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})), mode)
}

// writeFile replaces the file in one step, so that a crash never leaves half of it.
func writeFile(path, content string, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", []byte(content), mode); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
