package apply

import (
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// conflict says who owns the fields that an apply asks for.
func conflict(err error, name string) error {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Details == nil {
		return err
	}
	var fields []string
	for _, cause := range status.Status().Details.Causes {
		if cause.Type == metav1.CauseTypeFieldManagerConflict {
			fields = append(fields, fmt.Sprintf("%s (%s)", cause.Field, strings.TrimPrefix(cause.Message, "conflict with ")))
		}
	}
	if len(fields) == 0 {
		return err
	}
	return conflictOver(name, fields)
}

// conflictOver is the error of fields that others own, each with who that is.
func conflictOver(name string, fields []string) error {
	return fmt.Errorf("%s: others set fields that would change: %s: settle it with them, or take the fields over with --force-conflicts",
		name, strings.Join(fields, ", "))
}
