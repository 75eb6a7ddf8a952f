package snapshot

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

func TestTolerated(t *testing.T) {
	for name, test := range map[string]struct {
		tolerations []corev1.Toleration
		after       time.Duration
		ends, own   bool
	}{
		"none":                {nil, 5 * time.Minute, true, false},
		"another's":           {[]corev1.Toleration{lost(corev1.TaintNodeNotReady, 30)}, 5 * time.Minute, true, false},
		"its own":             {[]corev1.Toleration{lost(corev1.TaintNodeUnreachable, 30)}, 30 * time.Second, true, true},
		"the shortest counts": {[]corev1.Toleration{lost("", 60), lost(corev1.TaintNodeUnreachable, 30), {Operator: corev1.TolerationOpExists}}, 30 * time.Second, true, true},
		"less than none":      {[]corev1.Toleration{lost("", -1)}, 0, true, true},
		"everything, forever": {[]corev1.Toleration{{Operator: corev1.TolerationOpExists}}, 0, false, true},
	} {
		d := &Deployment{Template: corev1.PodSpec{Tolerations: test.tolerations}}
		after, ends, own := d.Tolerated(corev1.Taint{Key: corev1.TaintNodeUnreachable, Effect: corev1.TaintEffectNoExecute})
		if after != test.after || ends != test.ends || own != test.own {
			t.Errorf("%s: got %s, %t, %t, want %s, %t, %t", name, after, ends, own, test.after, test.ends, test.own)
		}
	}
}

func lost(key string, seconds int64) corev1.Toleration {
	return corev1.Toleration{Key: key, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute, TolerationSeconds: &seconds}
}
