// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// What the reducer of a channel says of one impression. `place`: where the channel's terms are.
interface ILeafRules {
    /// Not what keeping leaves of one impression's records.
    error RecordsNotKept();

    /// The entry of the settlement tree whose records, one after the other, are these.
    function leafOf(address place, bytes calldata records) external view returns (bytes32);

    /// Whether keeping `record`, one of 64 bytes of the same impression, would change them; of none,
    /// whether it is a good one. Refuses a record that is not well-formed, has the test flag or is of
    /// another impression.
    function isMissing(address place, bytes calldata records, bytes calldata record)
        external
        view
        returns (bool);
}
