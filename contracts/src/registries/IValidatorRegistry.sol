// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// Validators: where they answer, for how much, and what they have at stake. The wei lies in the Vault (Stake
/// and Locked); it leaves 90 days after it was announced to leave, and vouches until then.
interface IValidatorRegistry {
    struct Validator {
        /// X25519 public key; zero for an account that is not registered.
        bytes32 encryptionKey;
        /// Base URL of the validator.
        string endpoint;
        /// The least fee it takes for a block.
        uint256 leastFeeWei;
        /// Wei of its stake that no block has locked.
        uint256 stakeWei;
        /// Announced to leave: no part of its weight.
        uint256 exitWei;
        /// When that may leave; 0 if nothing is announced.
        uint64 exitAt;
        uint64 registeredAt;
    }

    event ValidatorRegistered(
        address indexed account, bytes32 encryptionKey, string endpoint, uint256 leastFeeWei
    );
    event ExitAnnounced(address indexed account, uint256 amount, uint64 exitAt);
    event ExitCompleted(address indexed account, uint256 amount);
    event ValidatorLeft(address indexed account);
    event OwnValidatorNamed(address indexed account, address indexed validator, bool isNamed);

    error EncryptionKeyMissing();
    error EndpointTooLong(uint256 bytesGiven, uint256 bytesMax);
    error StakeTooSmall(address account, uint256 stakeWei, uint256 neededWei);
    error ValidatorNotRegistered(address account);
    error ExitTooEarly(address account, uint64 exitAt);
    error NothingAnnounced(address account);

    /// Registers msg.sender or replaces its key, endpoint and fee. The value sent, and `stakeFromFree` of its
    /// free wei, are added to its stake, which must then reach Bonds.STAKE_MIN beyond what is announced to
    /// leave.
    function register(
        bytes32 encryptionKey,
        string calldata endpoint,
        uint256 leastFeeWei,
        uint256 stakeFromFree
    ) external payable;

    /// Announces that `amount` of the stake leaves in 90 days; replaces what was announced and starts anew, 0
    /// takes it back.
    function announceExit(uint256 amount) external;

    /// 90 days later: frees what was announced, as far as no block has it locked; the rest stays announced.
    /// Who then has less than Bonds.STAKE_MIN leaves the list and its entry is removed.
    function completeExit() external;

    /// msg.sender names, or no longer names, a validator whose delegations may bind it.
    function nameOwn(address validator, bool isNamed) external;

    /// When the account named the validator as its own; 0 if it does not.
    function ownSince(address account, address validator) external view returns (uint64);

    function validator(address account) external view returns (Validator memory);

    /// Stake beyond announced exits, as the draw weighs it; 0 below Bonds.STAKE_MIN or without an entry.
    function weightOf(address account) external view returns (uint256);

    function validatorCount() external view returns (uint256);

    /// Accounts with an entry and their weights, at most `limit` from `start` on; an entry that is removed is
    /// replaced by the last.
    function validators(uint256 start, uint256 limit)
        external
        view
        returns (address[] memory accounts, uint256[] memory weights);

    /// The same accounts with what a draw weighs that nobody may steer once `time` is there: the stake beyond
    /// announced exits, locked or not, since others can bring about that stake is locked; 0 below
    /// Bonds.STAKE_MIN, and for an account that raised it at `time` or later.
    function steadyBonds(uint256 start, uint256 limit, uint64 time)
        external
        view
        returns (address[] memory accounts, uint256[] memory weights);
}
