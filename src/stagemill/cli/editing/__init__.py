"""What an editor is told: findings, their fixes, and stages."""
