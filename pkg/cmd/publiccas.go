package cmd

import (
	"crypto/x509"
	"fmt"
	"sync"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// trustPublicCAs lets TLS verify against Mozilla's public CAs where the machine has none of its own, as an image made
// from scratch. It costs milliseconds, and so is left to those who run for long.
var trustPublicCAs = sync.OnceValue(func() error {
	pool, err := publicCAs()
	if err == nil {
		x509.SetFallbackRoots(pool)
	}
	return err
})

func publicCAs() (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	for root := range bundle.Roots() {
		certificate, err := x509.ParseCertificate(root.Certificate)
		if err != nil {
			return nil, fmt.Errorf("reading the public CAs: %w", err)
		}
		if root.Constraint == nil {
			pool.AddCert(certificate)
		} else {
			pool.AddCertWithConstraint(certificate, root.Constraint)
		}
	}
	return pool, nil
}
