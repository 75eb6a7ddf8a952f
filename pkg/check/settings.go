package check

import (
	"strings"

	"github.com/kubectl-egress/kubectl-egress/pkg/egress"
	"github.com/kubectl-egress/kubectl-egress/pkg/finding"
	"github.com/kubectl-egress/kubectl-egress/pkg/render"
	"github.com/kubectl-egress/kubectl-egress/pkg/snapshot"
)

// Settings is EGR221 on the routers of s.
func Settings(s *snapshot.Snapshot, o Options) []finding.Finding {
	c := newState(s, o)
	var out []finding.Finding
	for _, r := range c.asked() {
		out = append(out, settingsLacking(c, r)...)
	}
	return out
}

// settingsLacking is EGR221. It is silent where there is no Deployment to compare with.
func settingsLacking(c *state, r snapshot.Router) []finding.Finding {
	text, noted := r.Annotations[egress.AnnotationDeployment]
	if !noted || r.Provisioner == egress.Standalone {
		return nil
	}
	asked, err := render.ParseSettings(text)
	if err != nil {
		return one(r, finding.SettingsLacking,
			sprintf("the annotation %s of the EgressRouter cannot be understood: %v", egress.AnnotationDeployment, err),
			"create notes there what it was asked to set on the operator's Deployment; another has written it, and whether the Deployment lacks anything is unknown",
			"remove the annotation, and run create again with the flags that the router needs",
			c.Caller.Kubectl(r.Namespace, "annotate", "egressrouter", r.Name, egress.AnnotationDeployment+"-"))
	}
	d := c.DeploymentOf(r)
	if d == nil || c.shares(r) || d.Router != "" && d.Router != r.Name {
		return nil
	}
	lacking := asked.LackingIn(d.Strategy, &d.Template)
	if len(lacking) == 0 {
		return nil
	}
	return one(r, finding.SettingsLacking,
		sprintf("Deployment %s lacks what create was asked to set on it: %s", d.Name, strings.Join(lacking, ", ")),
		"the operator does not know these fields: a Deployment that it recreates is without them; or another has changed them, or create ended before it had set them",
		"run create again with the same flags, as this command does (with --adopt where another made the EgressRouter)",
		c.createAgain(r, asked))
}

// createAgain is the command that creates r once more as the cluster holds it, and asks for the settings.
func (c *state) createAgain(r snapshot.Router, asked render.Settings) string {
	return c.Caller.Kubectl(r.Namespace, "get", "egressrouter", r.Name, "-o", "json") + " | " +
		c.Caller.Egress(r.Namespace, append([]string{"create", "-f", "-"}, asked.Flags()...)...)
}
