// The handheld pages. A bundle of its own: one scan box, three sounds, and counts that go on without a network.
import "./hand_scan.js";
import "./hand_count.js";
import "./asset_count.js";
